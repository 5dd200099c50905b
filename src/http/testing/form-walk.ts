/**
 * A walk over every form of the pages: each is sent as it is, with a new secret in each of its fields for one, with
 * changed texts beside those that are stored, and with both. What comes back is for the caller to search.
 */
import { propertyRuns } from "../../../test/property-runs.ts"
import { RULES } from "../access/roles.ts"
import { formsIn, type HtmlForm } from "./html-forms.ts"

/** What a walk needs of the product. */
export interface Walk {
  /** Sends a request and looks at all that comes back. */
  readonly ask: (
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>
  /** Headers of a caller with the role: another one each time, since nobody may change things without end. */
  readonly roles: Readonly<Record<"viewer" | "operator" | "admin", () => Readonly<Record<string, string>>>>
  /** Values for the parameters of paths, as `:output`; each page is opened for all of them. */
  readonly places: Readonly<Record<string, ReadonlyArray<string>>>
  /** A secret to type, which must not come back either. */
  readonly typed: string
  /** Puts things back as they were, after a form was taken. */
  readonly restore: () => Promise<void>
}

/** What a walk did. */
export interface Walked {
  /** Pages with a form that was sent. */
  readonly pages: ReadonlySet<string>
  /** Every `action field` for secrets that was sent with a new one. */
  readonly rotated: ReadonlySet<string>
  readonly requests: number
}

/**
 * Forms without a secret beside them: those of the reader's own session and of users, and what a look at the test's
 * end would miss. New keys of the API are shown once, and meant to be.
 */
const LEFT_OUT =
  /^\/(?:login|logout|theme|undo\/)|^\/settings\/(?:password|users|keys)|\/remove$|\/(?:start|stop|switch)(?:\/|$)|\/bulk$/
/** Addresses that are no pages, or whose answers do not end. */
const NO_PAGE = /^\/(?:api|live|preview|static|hls|fragments)\/|^\/(?:ws|metrics|login|livez|readyz)$|thumbnail/

const pathsOf = (path: string, places: Walk["places"]): ReadonlyArray<string> => {
  const [parameter] = /:\w+/.exec(path) ?? []
  if (parameter === undefined) return [path]
  const key = path.includes(`/destinations/${parameter}`) ? ":destination" : parameter
  return (places[key] ?? []).flatMap((value) => pathsOf(path.replace(parameter, value), places))
}

/** Whether every change of a URL is tried with every secret. */
const ALL_PAIRS = propertyRuns(1) > 1

/** Fields that hold a URL of which only the secrets are hidden. */
const URL_FIELDS: ReadonlyArray<string> = ["url", "input_url", "backup_input_url"]

/** Other texts for a URL as it is shown: without its secrets, elsewhere, and with what stands for no secret. */
const otherUrls = (url: string): ReadonlyArray<string> =>
  [
    url.replaceAll("***", ""),
    url.replace(/[/?]?\*\*\*$/, ""),
    url.replace("***", "***x"),
    url.replace(/^([a-z0-9]+:\/\/(?:[^/?#]*@)?)[^/?#:]+/, "$1198.51.100.9"),
    `${url}/more`,
  ].filter((other, index, all) => other !== url && other !== "" && all.indexOf(other) === index)

/**
 * Changes to try of a form. URLs and secrets are changed together in pairs by turns: each URL and each secret has its
 * turn, and forms of the same kind begin at another place of it.
 */
const changesOf = (
  { fields, secrets, texts }: HtmlForm,
  typed: string,
  turn: number,
): ReadonlyArray<Record<string, string>> => {
  const urls = URL_FIELDS.flatMap((name) =>
    fields[name] === undefined || secrets.includes(name) ? [] : otherUrls(fields[name]).map((url) => ({ [name]: url })),
  )
  const most = urls.length === 0 || secrets.length === 0 ? 0 : Math.max(urls.length, secrets.length)
  const pairs = Array.from({ length: ALL_PAIRS ? urls.length * secrets.length : most }, (_, n) => {
    const name = secrets[ALL_PAIRS ? Math.floor(n / urls.length) : (n + turn) % secrets.length] ?? ""
    return { ...urls[n % urls.length], [name]: typed }
  })
  return [
    {},
    ...secrets.map((name) => ({ [name]: typed })),
    ...urls,
    ...pairs,
    ...texts.filter((name) => !URL_FIELDS.includes(name)).map((name) => ({ [name]: `${fields[name] ?? ""}1` })),
  ]
}

const bodyOf = (fields: Readonly<Record<string, string>>, isUpload: boolean) => {
  if (!isUpload)
    return {
      body: new URLSearchParams(fields).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    }
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return { body: `${parts.join("")}--x--\r\n`, headers: { "Content-Type": "multipart/form-data; boundary=x" } }
}

/**
 * Opens every page as an admin, and sends its forms: all changes as an operator, where operators may, and those with a
 * secret as the others too.
 */
export const walkForms = async ({ ask, places, restore, roles, typed }: Walk): Promise<Walked> => {
  const pages = new Set<string>()
  const rotated = new Set<string>()
  const sent = new Set<string>()
  let requests = 0
  const send = async (
    path: string,
    fields: Readonly<Record<string, string>>,
    form: HtmlForm,
    who: () => Readonly<Record<string, string>>,
  ) => {
    const { body, headers } = bodyOf(fields, form.isUpload)
    requests += 1
    const answer = await ask("POST", path, body, { ...headers, ...who() })
    if (answer.status === 429) throw new Error(`${path}: ${answer.text}`)
    if (answer.status !== 303) return
    const next = answer.headers.get("location")?.split("#")[0]
    if (next?.startsWith("/")) await ask("GET", next, undefined, who())
    await restore()
  }
  let forms = 0
  const submit = async (form: HtmlForm, needsAdmin: boolean) => {
    const changes = changesOf(form, typed, forms++)
    const everyone = needsAdmin ? [roles.admin] : [roles.operator]
    for (const [index, change] of changes.entries()) {
      const isSecret = index <= form.secrets.length
      for (const name of form.secrets) if (change[name] === typed) rotated.add(`${form.action} ${name}`)
      for (const path of [...form.others, form.action]) {
        // A test connects, so that it takes its time.
        if (path.endsWith("/test") && !isSecret) continue
        const others = isSecret ? Object.values(roles).filter((who) => !everyone.includes(who)) : []
        for (const who of [...everyone, ...others]) await send(path, { ...form.fields, ...change }, form, who)
      }
    }
  }
  for (const { method, path, role } of RULES) {
    if (method !== "GET" || NO_PAGE.test(path)) continue
    for (const at of pathsOf(path, places)) {
      const page = await ask("GET", at, undefined, roles.admin())
      for (const form of formsIn(page.text)) {
        const name = `${at} ${form.action}`
        if (LEFT_OUT.test(form.action) || sent.has(name)) continue
        sent.add(name)
        pages.add(at)
        await submit(form, role === "admin" || form.action.startsWith("/settings/config"))
      }
    }
  }
  return { pages, rotated, requests }
}

/** Enough callers of a role for a walk: each may change 300 things a minute. */
const CALLERS = 12

/**
 * Makes API keys of a role, and returns what gives the headers of the next one each time.
 * @param make makes one key, of that name
 */
export const callersOf = async (make: (name: string) => Promise<string>) => {
  const keys: string[] = []
  for (let n = 0; n < CALLERS; n++) keys.push(await make(`walker-${n}`))
  let next = 0
  return (): Readonly<Record<string, string>> => ({ "X-API-Key": keys[next++ % keys.length] ?? "" })
}
