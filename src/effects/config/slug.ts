/** Names that fit URLs and metric labels. */

const MAX_LENGTH = 48

/**
 * Lower case letters, digits and single dashes; `fallback` when nothing is left. Never a bare number, which would read
 * as a channel's number.
 */
export const slugOf = (name: string, fallback: string): string => {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, "")
  if (plain === "") return fallback
  return /^\d+$/.test(plain) ? `${fallback}-${plain}` : plain
}

/** The slug, or the slug with the first free number from 2 on. */
export const uniqueSlug = (slug: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(slug)) return slug
  let n = 2
  while (taken.has(`${slug}-${n}`)) n++
  return `${slug}-${n}`
}
