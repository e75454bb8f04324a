/** Has the browser fetch VS Code's large files while nothing else is to be done. */

interface IConnection {
  saveData?: boolean;
  effectiveType?: string;
}

/** Fetches one after the other, as long as that is no burden; what has failed is passed over. */
export async function prefetch(addresses: () => Promise<string[]>): Promise<void> {
  if (!canPrefetch()) {
    return;
  }
  await idleness();
  for (const address of mayFetch() ? await addresses() : []) {
    await idleness();
    if (!mayFetch()) {
      return;
    }
    await fetched(address);
  }
}

/** Safari cannot. */
function canPrefetch(): boolean {
  return document.createElement("link").relList.supports("prefetch");
}

/** Whether the link is neither slow nor dear; a browser that does not tell has neither. */
function mayFetch(): boolean {
  const { connection } = navigator as { connection?: IConnection };
  return !connection?.saveData && !connection?.effectiveType?.endsWith("2g");
}

/** Until somebody sees the page, and it has nothing to do. */
async function idleness(): Promise<void> {
  while (document.hidden) {
    await new Promise((resolve) =>
      document.addEventListener("visibilitychange", resolve, { once: true }),
    );
  }
  await new Promise((resolve) => requestIdleCallback(resolve));
}

/** A link, so that the browser gives way to all else, and tells the server what it is for. */
function fetched(address: string): Promise<void> {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "prefetch";
    link.href = address;
    link.onload = link.onerror = () => {
      link.remove();
      resolve();
    };
    document.head.append(link);
  });
}
