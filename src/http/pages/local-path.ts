/** A path on this site; `/` in place of anything else, such as `//host` and `/\host`, which lead to another site. */
export const localPath = (path: string | undefined): string =>
  path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : "/"
