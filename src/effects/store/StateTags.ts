/** Short names of states that hold secrets, made with a key of the key file: the same over restarts. */
import { Context, Effect, Layer } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { makeSecretsTag } from "../config/secrets-tag.ts"
import { makeStateTag, type StateTag } from "../config/state-tag.ts"
import { loadSecretKey } from "./secret-key.ts"

export interface StateTagsService {
  readonly tag: StateTag
  /**
   * Changes with where an output goes, its secrets included, and tells nothing of them; empty when there is no
   * such output.
   */
  readonly secretsTag: (outputId: string) => string
}

export class StateTags extends Context.Tag("distributor/StateTags")<StateTags, StateTagsService>() {
  /** Fails with `StartRefused` when the key file cannot be used. */
  static readonly Live = Layer.effect(
    StateTags,
    Effect.gen(function* () {
      const tag = makeStateTag(yield* loadSecretKey((yield* AppConfig).keyFile))
      return { tag, secretsTag: makeSecretsTag((yield* ChannelBook).configs, tag) }
    }),
  )
}
