// Reloads the page once a restarted code-server says that it does not know the window. VS Code
// itself would ask for the reload in a dialog, and stop reconnecting.
{
  let isLeaving = false;
  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      let last;
      this.addEventListener("message", ({ data }) => (last = data));
      this.addEventListener("close", async () => {
        const text = await new Blob([last]).text();
        if (isLeaving || !text.includes('"Unknown reconnection token (never seen)')) return;
        isLeaving = true;
        location.reload(); // the browser asks first if text would be lost
      });
    }
  };
}
