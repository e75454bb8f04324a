/** What the server extension tells this extension, in environment variables. */

function read(name: string): string | undefined {
  return process.env[`JUPYTER_CODESERVER_${name}`] || undefined;
}

/** The folder for the reports of activity. */
export const reportsFolder = read("REPORTS");
/** The folder that cannot be written, if there is one. */
export const unwritable = read("UNWRITABLE");
/** The folder that JupyterLab shows. */
export const root = read("ROOT");
/** The path of the Jupyter server, which ends with a slash. */
export const baseUrl = read("BASE_URL");
/** The unix socket that serves Jupyter's kernels, sessions and kernel specifications. */
export const kernelsSocket = read("KERNELS_SOCKET");
/** The languages that this extension supports, as the operator restricts them; undefined: all. With
 * none, the variable is empty, and the list has only an empty name. */
export const languages = process.env.JUPYTER_CODESERVER_LANGUAGE_SUPPORT?.split(",");
