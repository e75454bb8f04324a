// Puts the page's own host and protocol into the addresses that VS Code opens. The server does not
// know them for sure: a proxy may change the host, or report the protocol of another hop.
{
  const address = new URL(location);
  const payload = address.searchParams.get("payload");
  if (payload) {
    const ours = payload.replace(/"vscode-remote:\/\/[^/"]*/g, `"vscode-remote://${location.host}`);
    address.searchParams.set("payload", ours);
    history.replaceState(null, "", address);
  }
  // At the first change of its state the page is complete, and none of its modules has run.
  document.addEventListener("readystatechange", () => {
    const { dataset } = document.getElementById("vscode-workbench-web-configuration");
    const settings = JSON.parse(dataset.settings);
    const ours = (trusted) => location.origin + trusted.replace(/^\w+:\/\/[^/]*/, "");
    settings.additionalTrustedDomains = settings.additionalTrustedDomains.map(ours);
    dataset.settings = JSON.stringify(settings);
  }, { once: true });
}
