/** A path of ours, never another site: `//host` and `/\host` would be one. */
export const localPath = (path: string | undefined): string => (path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : "/")
