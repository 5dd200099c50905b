/** The forms of a page as a browser sees them, for tests that fill them in and send them. */

/** A form of a page. */
export interface HtmlForm {
  readonly action: string
  /** True for one that is sent as `multipart/form-data`. */
  readonly isUpload: boolean
  /** Values of its fields as the page has them; boxes that are not ticked are left out. */
  readonly fields: Readonly<Record<string, string>>
  /** Names of its fields for secrets. */
  readonly secrets: ReadonlyArray<string>
  /** Names of its fields that take any other text. */
  readonly texts: ReadonlyArray<string>
  /** Where else its fields are sent: other buttons, and previews while somebody types. */
  readonly others: ReadonlyArray<string>
}

/** Text of an attribute or element without its entities. */
const plain = (text: string): string =>
  text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
const attribute = (tag: string, name: string): string | null => {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? null : plain(value)
}
const HIDDEN = new Set(["hidden", "checkbox", "radio", "file", "password"])

const inputsOf = (html: string) =>
  [...html.matchAll(/<input[^>]*>/g)].map(([tag]) => ({
    name: attribute(tag, "name") ?? "",
    type: attribute(tag, "type") ?? "text",
    value: attribute(tag, "value") ?? "",
    isTicked: tag.includes(' checked=""'),
  }))

const fieldsOf = (html: string): ReadonlyArray<readonly [name: string, value: string]> => [
  ...inputsOf(html)
    .filter(({ isTicked, type }) => isTicked || !["checkbox", "radio", "file"].includes(type))
    .map(({ name, value }) => [name, value] as const),
  ...[...html.matchAll(/(<select[^>]*>)([\s\S]*?)<\/select>/g)].map(([, tag = "", options = ""]) => {
    const chosen = /<option[^>]* selected=""[^>]*>/.exec(options) ?? /<option[^>]*>/.exec(options)
    return [attribute(tag, "name") ?? "", attribute(chosen?.[0] ?? "", "value") ?? ""] as const
  }),
  ...[...html.matchAll(/(<textarea[^>]*>)([\s\S]*?)<\/textarea>/g)].map(
    ([, tag = "", text = ""]) => [attribute(tag, "name") ?? "", plain(text)] as const,
  ),
]

/** The forms of a page that change or ask something, in their order. */
export const formsIn = (page: string): ReadonlyArray<HtmlForm> => {
  const previews = [...page.matchAll(/<[^>]* hx-post="[^"]*"[^>]* hx-include="#[^"]*"[^>]*>/g)].map(([tag]) => ({
    to: attribute(tag, "hx-post") ?? "",
    of: (attribute(tag, "hx-include") ?? "").slice(1),
  }))
  return [...page.matchAll(/(<form[^>]* method="post"[^>]*>)([\s\S]*?)<\/form>/g)].map(([, tag = "", html = ""]) => {
    const inputs = inputsOf(html)
    const buttons = [...html.matchAll(/<button[^>]* formaction="[^"]*"[^>]*>/g)]
    const own = previews.filter(({ of }) => of === attribute(tag, "id"))
    return {
      action: attribute(tag, "action") ?? "",
      isUpload: attribute(tag, "enctype") === "multipart/form-data",
      fields: Object.fromEntries(fieldsOf(html).filter(([name]) => name !== "")),
      secrets: inputs.filter(({ type }) => type === "password").map(({ name }) => name),
      texts: inputs.filter(({ name, type }) => name !== "" && !HIDDEN.has(type)).map(({ name }) => name),
      others: [...buttons.map(([button]) => attribute(button, "formaction") ?? ""), ...own.map(({ to }) => to)],
    }
  })
}
