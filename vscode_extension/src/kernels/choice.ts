/** Which kernel a notebook gets without a question. */

/** What is known of a kernel before it runs. */
export interface Specification {
  readonly name: string;
  readonly display_name: string;
  readonly language: string;
}

/** The metadata of a notebook, as its file contains it. */
export interface NotebookMetadata {
  readonly kernelspec?: {
    readonly name?: string;
    readonly language?: string;
    readonly display_name?: string;
  };
  readonly language_info?: { readonly name?: string };
}

/** The chosen kernel, and the one that the notebook names if it is missing. */
export interface Choice {
  readonly chosen?: Specification;
  readonly missing?: string;
}

function isSame(language: string, other: string): boolean {
  return language.toLowerCase() === other.toLowerCase();
}

/** Returns the kernel that the notebook names, else one of its language, else the server's default. */
export function choose(
  specifications: readonly Specification[],
  defaultName: string,
  metadata: NotebookMetadata,
): Choice {
  const { kernelspec, language_info } = metadata;
  const named = kernelspec?.name;
  const found = specifications.find(({ name }) => name === named);
  if (found) return { chosen: found };
  const missing = named ? (kernelspec.display_name ?? named) : undefined;
  const language = kernelspec?.language ?? language_info?.name;
  const preferred = specifications.filter(({ name }) => name === defaultName);
  const candidates = [...preferred, ...specifications];
  const chosen = language
    ? candidates.find((each) => isSame(each.language, language))
    : missing
      ? undefined
      : candidates[0];
  return { chosen, missing };
}
