/** The URLs of an output's form as they are meant, whatever came along when they were pasted. */
import { pastedUrl, withScheme } from "../../../core/output/pasted-url.ts"
import { type Fields, field } from "./form-fields.ts"
import { chosenProtocol, URL_FIELDS } from "./output-fields.ts"

/** The fields with bare URLs; one that is only `HOST:PORT` gets the protocol that is chosen. */
export const withMeantUrls = (fields: Fields): Fields => {
  const protocol = chosenProtocol(fields)
  const meant = URL_FIELDS.filter((name) => fields[name] !== undefined).map((name) => {
    const url = pastedUrl(field(fields, name))
    return [name, protocol === null || name !== "url" ? url : withScheme(url, protocol)] as const
  })
  return { ...fields, ...Object.fromEntries(meant) }
}
