/**
 * The way of a body up to the place where something would be done with it: the routes' own reading, bounds, schemas and
 * problems, and of a configuration its plan. Nothing is behind it, so that it takes many times as many bodies a
 * second as a control plane.
 */
import { Effect, Logger, ManagedRuntime, type Schema } from "effect"
import { Hono } from "hono"
import type { ChannelBookService } from "../../../src/effects/config/ChannelBook.ts"
import type { ConfigService } from "../../../src/effects/declarative/Configuration.ts"
import { type ConfigDocument, decodeDocument } from "../../../src/effects/declarative/document.ts"
import { exportConfig, toJson } from "../../../src/effects/declarative/export.ts"
import { planDocument } from "../../../src/effects/declarative/plan-document.ts"
import { parseYaml, toYaml } from "../../../src/effects/declarative/yaml.ts"
import type { ChannelConfig } from "../../../src/effects/model/channel.ts"
import { outputHost } from "../../../src/effects/testing/configs.ts"
import type { Access } from "../../../src/http/access/auth.ts"
import { NAMED } from "../../../src/http/openapi/components.ts"
import { OPERATIONS } from "../../../src/http/openapi/document.ts"
import { readJson } from "../../../src/http/request/body.ts"
import { MANY_THINGS } from "../../../src/http/request/json-bounds.ts"
import { makeRunner } from "../../../src/http/request/run.ts"
import { configRoutes } from "../../../src/http/routes/config.ts"
import { insist } from "../fuzz-target.ts"
import type { Asked } from "./asked.ts"
import { checkAnswer } from "./check-answer.ts"

const HOST = outputHost()
const CONFIG = "/api/config"

const bookOf = (channels: ReadonlyArray<ChannelConfig>): Pick<ChannelBookService, "configs" | "inOrder"> => ({
  configs: new Map(channels.map((channel) => [channel.id, channel])),
  inOrder: () => channels,
})

/** What a document makes of the channels, and the channels that it makes. */
const planned = (before: ReadonlyArray<ChannelConfig>, document: ConfigDocument) =>
  Effect.map(planDocument(bookOf(before), HOST, document), ({ diff, wanted }) => ({
    diff,
    channels: wanted.map((channel, i): ChannelConfig => ({ number: i + 1, ...channel })),
  }))

/** One configuration in so many is shown as YAML: by its length, so that a case plays as it did. */
const YAML_EVERY = 16

/** What is shown of channels must make the same channels again. */
const checkShown = (channels: ReadonlyArray<ChannelConfig>) =>
  Effect.gen(function* () {
    const shown = exportConfig(channels)
    const json = toJson(shown)
    const read: unknown = json.length % YAML_EVERY === 0 ? parseYaml(toYaml(shown)) : JSON.parse(json)
    const { diff } = yield* planned(channels, yield* decodeDocument(read))
    insist(!diff.changed, () => `what is shown would change something: ${JSON.stringify(diff).slice(0, 1000)}`)
  }).pipe(Effect.orDie)

export class BodyReader {
  readonly #app = new Hono()
  readonly #said: string[] = []

  /** @param document what the channels are before a configuration is read */
  static async open(document: unknown): Promise<BodyReader> {
    const { channels } = await Effect.runPromise(
      Effect.flatMap(decodeDocument(document), (decoded) => planned([], decoded)),
    )
    return new BodyReader(channels)
  }

  private constructor(channels: ReadonlyArray<ChannelConfig>) {
    const note = Logger.make(({ cause, message }) => void this.#said.push(`${message} ${cause}`))
    const runtime = ManagedRuntime.make(Logger.replace(Logger.defaultLogger, note)).runSync(Effect.runtime<never>())
    const runner = makeRunner(runtime, () => null)
    const apply: ConfigService["apply"] = (document) =>
      Effect.gen(function* () {
        const { channels: after, diff } = yield* planned(channels, document)
        yield* checkShown(after)
        return { dry_run: true, version: null, ...diff }
      })
    for (const { body, method, path } of OPERATIONS) {
      const schema = NAMED[body ?? ""]?.schema as Schema.Schema<unknown> | undefined
      if (schema === undefined || path === CONFIG) continue
      this.#app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ":$1"), (c) =>
        runner.run(c, readJson(c, schema, MANY_THINGS), () => c.json({})),
      )
    }
    // The other methods are those of requests that are answered above, or not sent here.
    const tagged: ConfigService["tagged"] = () => Effect.succeed({ document: exportConfig(channels), tag: "tag" })
    const configuration = { apply, tagged } as ConfigService
    configRoutes(this.#app, { access: { callerOf: () => null } as unknown as Access, configuration, runner })
  }

  /** Reads a request, holds the answer to what the API promises, and returns its status. */
  async read({ body, method, path, type }: Asked): Promise<number> {
    const answer = await this.#app.request(path.replaceAll(/[{}]/g, ""), {
      method,
      headers: { "Content-Type": type },
      body: new Uint8Array(body),
    })
    checkAnswer(`${method} ${path}`, answer.status, await answer.text(), this.#said)
    return answer.status
  }
}
