/** Where the files of HLS outputs are, for whoever serves them. */
import { Context, Effect, Layer } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { findOutput } from "../config/find-config.ts"
import { outputHostOf } from "../config/output-host.ts"
import { hlsDirectoryOf } from "../config/output-place.ts"
import { NotFound } from "../model/Errors.ts"

export interface HlsFilesService {
  /**
   * Absolute path of the directory that an enabled HLS output writes to; without `output` the first one of the channel.
   */
  readonly directory: (ref: string, output: string | null) => Effect.Effect<string, NotFound>
}

export class HlsFiles extends Context.Tag("distributor/HlsFiles")<HlsFiles, HlsFilesService>() {
  static readonly Live = Layer.effect(
    HlsFiles,
    Effect.gen(function* () {
      const book = yield* ChannelBook
      const host = outputHostOf(yield* AppConfig)
      return {
        directory: (ref: string, outputRef: string | null) =>
          Effect.gen(function* () {
            const config = yield* book.find(ref)
            const directory = hlsDirectoryOf(
              outputRef === null ? config.outputs : [yield* findOutput(config, outputRef)],
              host,
            )
            return directory ?? (yield* new NotFound({ kind: "output", ref: outputRef ?? "of HLS" }))
          }),
      }
    }),
  )
}
