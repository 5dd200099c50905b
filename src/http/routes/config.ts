/** REST routes of the configuration as a whole: shown, compared, applied, and its versions. */
import { Duration, Effect } from "effect"
import type { Context, Hono } from "hono"
import type { ConfigAnswer } from "../../effects/declarative/Configuration.ts"
import { type ConfigDocument, decodeDocument, RollbackInput } from "../../effects/declarative/document.ts"
import { toJson } from "../../effects/declarative/export.ts"
import { toYaml } from "../../effects/declarative/yaml.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { requesterOf } from "../access/requester.ts"
import { keyNeeded, maySeeSecrets } from "../access/secrets-shown.ts"
import { readJson, readJsonValue, readText } from "../request/body.ts"
import { checkIfMatch, quoted } from "../request/etag.ts"
import { WHOLE_CONFIG } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import { parseText, type Unreadable } from "../request/off-thread.ts"
import { type ApiError, makeProblem, Refused } from "../request/problem.ts"
import { makeQueryReader, wholeNumber } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"

/** Each channel that is started may take a second. */
const APPLIED_WITHIN = Duration.seconds(60)

const YAML_TYPE = /^(?:application|text)\/(?:x-)?yaml\s*(?:;\s*charset="?utf-?8"?\s*)?$/i
const SWITCH: Readonly<Record<string, boolean>> = { "1": true, true: true, "0": false, false: false }
const isSwitch = (text: string): boolean | null => (Object.hasOwn(SWITCH, text) ? (SWITCH[text] ?? null) : null)
const isFormat = (text: string) => (text === "json" || text === "yaml" ? text : null)

const badYaml = ({ message, path }: Unreadable) =>
  new Refused({
    problem: makeProblem("bad-request", `${path}: ${message}`, {
      errors: [{ path: path === "document" ? "body" : path, message }],
    }),
  })

const readYaml = (c: Context): Effect.Effect<unknown, Refused> =>
  Effect.flatMap(
    readText(c, YAML_TYPE, "send JSON with Content-Type: application/json, or YAML with application/yaml"),
    (text) => Effect.mapError(parseText({ kind: "yaml", text, bounds: WHOLE_CONFIG }), badYaml),
  )

const readDocument = (c: Context): Effect.Effect<ConfigDocument, Refused | InvalidInput> =>
  Effect.flatMap(
    YAML_TYPE.test(c.req.header("content-type") ?? "") ? readYaml(c) : readJsonValue(c, WHOLE_CONFIG),
    decodeDocument,
  )

const checkSecrets = (c: Context, access: AppServices["access"], secrets: boolean): Effect.Effect<void, Refused> =>
  secrets && !maySeeSecrets(c, access) ? keyNeeded : Effect.void

/** The query's switches and format; unknown parameters are mistakes. */
const readQuery = <const Name extends "format" | "secrets" | "dry_run">(c: Context, known: ReadonlyArray<Name>) =>
  Effect.suspend(() => {
    const reader = makeQueryReader<string>(new URL(c.req.url).searchParams, known)
    const value = {
      format: reader.read("format", isFormat, "json or yaml") ?? "json",
      secrets: reader.read("secrets", isSwitch, "1 or 0") ?? false,
      dryRun: reader.read("dry_run", isSwitch, "1 or 0") ?? false,
    }
    return reader.errors.length > 0 ? Effect.fail(new InvalidInput({ errors: reader.errors })) : Effect.succeed(value)
  })

const noVersion = (asked: string) =>
  new Refused({
    problem: makeProblem(
      "not-found",
      `there is no version "${asked.slice(0, 40)}": GET /api/config/versions names those that are kept`,
    ),
  })

export const configRoutes = (
  app: Hono,
  { access, configuration, runner }: Pick<AppServices, "access" | "configuration" | "runner">,
): void => {
  const by = (c: Context) => requesterOf(c, access)
  const isAsRead = (c: Context) =>
    Effect.flatMap(configuration.tagged(false), ({ tag }) => checkIfMatch(c, quoted(tag)))
  const answer = (c: Context, effect: Effect.Effect<ConfigAnswer, ApiError>) =>
    runner.run(c, effect, (result) => c.json(result), APPLIED_WITHIN)

  methods(app, "/api/config", {
    GET: (c) =>
      runner.run(
        c,
        Effect.gen(function* () {
          const { format, secrets } = yield* readQuery(c, ["format", "secrets"])
          yield* checkSecrets(c, access, secrets)
          return { ...(yield* configuration.tagged(secrets)), format }
        }),
        ({ document, format, tag }) =>
          format === "yaml"
            ? c.body(toYaml(document), 200, { "Content-Type": "application/yaml; charset=utf-8", ETag: quoted(tag) })
            : c.body(toJson(document), 200, { "Content-Type": "application/json", ETag: quoted(tag) }),
      ),
    PUT: (c) =>
      answer(
        c,
        Effect.gen(function* () {
          const { dryRun } = yield* readQuery(c, ["dry_run"])
          const document = yield* readDocument(c)
          const options = { dryRun, by: by(c) }
          return yield* configuration.apply(document, options, isAsRead(c))
        }),
      ),
  })

  methods(app, "/api/config/versions", {
    GET: (c) => runner.run(c, configuration.versions, (versions) => c.json({ versions })),
  })
  methods(app, "/api/config/versions/:version", {
    GET: (c) =>
      runner.run(
        c,
        Effect.gen(function* () {
          const { secrets } = yield* readQuery(c, ["secrets"])
          yield* checkSecrets(c, access, secrets)
          const asked = c.req.param("version")
          const number = wholeNumber(asked, Number.MAX_SAFE_INTEGER)
          const found = number === null ? null : yield* configuration.version(number, secrets)
          return found ?? (yield* noVersion(asked))
        }),
        (version) => c.json(version),
      ),
  })
  methods(app, "/api/config/rollback", {
    POST: (c) =>
      answer(
        c,
        Effect.gen(function* () {
          const { dryRun } = yield* readQuery(c, ["dry_run"])
          const { version } = yield* readJson(c, RollbackInput)
          const options = { dryRun, by: by(c) }
          return yield* configuration.rollback(version, options, isAsRead(c))
        }),
      ),
  })
}
