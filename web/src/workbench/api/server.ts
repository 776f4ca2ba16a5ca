// Where the server is: a proxy may serve it under a path, and the workbench lies right below that.

/** What stands before `/workbench/` in the page's address: nothing, or a path like `/desk`. */
export const BASE_PATH = location.pathname.split('/workbench', 1)[0]!;

/** The beginning of every address of the API. */
export const SERVER = location.origin + BASE_PATH;
