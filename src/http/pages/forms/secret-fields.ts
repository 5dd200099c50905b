/**
 * The secrets that the URL of an output or input holds, a field for each: a new one is typed or pasted there, and replaces the
 * one behind `***` in the URL. A stream key is not among them, since it has a field of its own.
 */
import type { FieldSpec } from "../../../../views/forms/form-state.ts"
import { showsKeyMask } from "../../../core/output/key-in-url.ts"
import { fillMask, type Mask, maskSecrets, masksIn } from "../../../core/output/output-url.ts"
import { InvalidInput } from "../../../effects/model/Errors.ts"
import { type Fields, field } from "./form-fields.ts"

const MASK = "***"
/** A URL has a login, a passphrase, and a few tokens at most. */
const MAX_FIELDS = 8
const HINT = "There is one; left empty it stays. It is never shown again"

/** The field of a form that holds a URL. */
export type UrlField = "url" | "input_url" | "backup_input_url" | "settings.backup_url"

const nameOf = (of: UrlField, index: number) => `${of}_secret.${index}`
/** Names of all fields for the secrets of the URL in `of`, whatever the URL. */
export const urlSecretNames = (of: UrlField): ReadonlyArray<string> =>
  Array.from({ length: MAX_FIELDS }, (_, index) => nameOf(of, index))
/** Those of the URLs of an output or template. */
export const URL_SECRET_FIELDS = [...urlSecretNames("url"), ...urlSecretNames("settings.backup_url")]

/** Names of secrets as they are called in a sentence; others are called as the URL has them. */
const LABELS: Readonly<Record<string, string>> = { passphrase: "Passphrase" }

const isInStreamId = ({ before }: Pick<Mask, "before">): boolean => /[?&]streamid=[^&]*$/i.test(before)

const labelOf = ({ before, name }: Mask): string => {
  const plain = name.replace(/[=:]$/, "")
  if (isInStreamId({ before })) return "Password in the stream id"
  if (/^[^:]*:\/\/[^/?]*$/.test(before)) return `Password of ${plain}`
  return LABELS[plain.toLowerCase()] ?? `Secret ${plain}`
}

/** Secrets that can be told apart by their names, with the names of their fields. */
const secretsOf = (url: string, of: UrlField): ReadonlyArray<{ readonly mask: Mask; readonly field: string }> => {
  const masks = masksIn(url)
  const isKey = ({ name }: Mask) => showsKeyMask(url) && /^(?:cid=)?$/i.test(name)
  const isNamed = (mask: Mask) =>
    (mask.name !== "" || isInStreamId(mask)) && masks.filter(({ name }) => name === mask.name).length === 1
  return masks
    .filter((mask) => isNamed(mask) && !isKey(mask))
    .slice(0, MAX_FIELDS)
    .map((mask, index) => ({ mask, field: nameOf(of, index) }))
}

/** Fields for the secrets of a URL as it is shown. */
export const urlSecretFields = (url: string, of: UrlField = "url"): ReadonlyArray<FieldSpec> =>
  secretsOf(url, of).map(({ field: name, mask }) => ({
    name,
    kind: "secret",
    label: of === "settings.backup_url" ? `Backup receiver: ${labelOf(mask)}` : labelOf(mask),
    placeholder: "unchanged",
    hint: HINT,
  }))

/** The URLs of an output or template as they are shown, with the fields that hold them. */
const outputUrls = ({ settings, url }: OutputUrls): ReadonlyArray<readonly [UrlField, string]> => [
  ["url", url],
  ["settings.backup_url", settings.backup_url ?? ""],
]

/** What of an output or template holds URLs. */
export interface OutputUrls {
  readonly url: string
  readonly settings: { readonly backup_url?: string | undefined }
}

/** Fields for the secrets of all URLs of an output or template as it is shown. */
export const outputSecretFields = (shown: OutputUrls): ReadonlyArray<FieldSpec> =>
  outputUrls(shown).flatMap(([of, url]) => urlSecretFields(url, of))

/** Where the stream key of an output or template is kept, as it is shown: apart, or in its URL; null without one. */
export const keyPlaceOf = (shown: {
  readonly url: string
  readonly stream_key: string | null
}): "apart" | "url" | null => (shown.stream_key !== null ? "apart" : showsKeyMask(shown.url) ? "url" : null)

/**
 * The URL of a form with its new secrets in the places of their masks.
 * @param shown the stored URL as the form began with it
 */
export const withUrlSecrets = (fields: Fields, shown: string, of: UrlField = "url"): string =>
  secretsOf(shown, of).reduce(
    (url, { field: name, mask }) => {
      const secret = field(fields, name)
      return secret === "" ? url : (fillMask(url, mask.name, secret) ?? url)
    },
    field(fields, of),
  )

/** What is wrong with a new secret in the place of its mask; null when it is well. Repeats no secret. */
const problemOf = (url: string, { name }: Mask, secret: string): string | null => {
  const [filled, simple] = [fillMask(url, name, secret), fillMask(url, name, "x")]
  if (filled === null || simple === null)
    return `has no place in the URL, which was changed too: write ${name}${MASK} there, or leave this empty`
  // What is not masked any more would be read as something else, and shown.
  return maskSecrets(filled) === maskSecrets(simple) ? null : "holds a sign that would end it there"
}

/** Refuses new secrets that cannot stand in the URL of the form; null when all can. */
export const wrongUrlSecrets = (fields: Fields, shown: string, of: UrlField = "url"): InvalidInput | null => {
  const errors = secretsOf(shown, of).flatMap(({ field: path, mask }) => {
    const secret = field(fields, path)
    const message = secret === "" ? null : problemOf(field(fields, of), mask, secret)
    return message === null ? [] : [{ path, message }]
  })
  return errors.length === 0 ? null : new InvalidInput({ errors })
}

/** As `wrongUrlSecrets`, for all URLs of an output or template. */
export const wrongOutputSecrets = (fields: Fields, shown: OutputUrls): InvalidInput | null =>
  outputUrls(shown)
    .map(([of, url]) => wrongUrlSecrets(fields, url, of))
    .find((wrong) => wrong !== null) ?? null
