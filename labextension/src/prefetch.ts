/** Has the browser fetch VS Code's large files while it is idle. */

interface IConnection {
  saveData?: boolean;
  effectiveType?: string;
}

/** Fetches one file after the other while the link is fast and cheap; skips files that fail. */
export async function prefetch(addresses: () => Promise<string[]>): Promise<void> {
  if (!canPrefetch()) {
    return;
  }
  await idle();
  for (const address of mayFetch() ? await addresses() : []) {
    await idle();
    if (!mayFetch()) {
      return;
    }
    await fetchWithLink(address);
  }
}

/** Returns false in Safari. */
function canPrefetch(): boolean {
  return document.createElement("link").relList.supports("prefetch");
}

/** Returns whether the link is fast and cheap; it is if the browser does not say. */
function mayFetch(): boolean {
  const { connection } = navigator as { connection?: IConnection };
  return !connection?.saveData && !connection?.effectiveType?.endsWith("2g");
}

/** Waits until somebody sees the page and the browser is idle. */
async function idle(): Promise<void> {
  while (document.hidden) {
    await new Promise((resolve) =>
      document.addEventListener("visibilitychange", resolve, { once: true }),
    );
  }
  await new Promise((resolve) => requestIdleCallback(resolve));
}

/** Fetches by a `link` element: at the lowest priority, and with a header that says so. */
function fetchWithLink(address: string): Promise<void> {
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
