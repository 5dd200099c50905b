/** A new channel, with the outputs that it names and those of templates. */
import { Effect } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { accept } from "../config/accept.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { stamp } from "../config/stamp.ts"
import { newChannel, slugFor } from "../config/validate.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Conflict, InvalidInput } from "../model/Errors.ts"
import { Changes } from "../store/Changes.ts"
import { Store } from "../store/Store.ts"
import { Templates } from "../templates/Templates.ts"
import type { ChannelRequest } from "../templates/template-model.ts"
import { Registry } from "./Registry.ts"

export const makeCreate = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { change } = yield* Changes
  const { checkClaims, checkLegs, checkTargets, view } = yield* Registry
  const running = yield* RunningChannels
  const store = yield* Store
  const templates = yield* Templates

  const outputsFrom = (names: ReadonlyArray<string>, channel: Pick<ChannelConfig, "slug" | "name">) =>
    Effect.flatMap(store.nextChannelNumber, (number) =>
      Effect.forEach(names, (template, index) =>
        templates.outputFor({ template }, { ...channel, number }, `templates[${index}]`),
      ),
    )
  const createWhole = Effect.fnUntraced(function* (
    input: Parameters<typeof newChannel>[0],
    slugs: ReadonlySet<string>,
  ) {
    const wanted = yield* accept(newChannel(input, slugs, yield* stamp))
    yield* checkLegs(wanted)
    yield* checkTargets(wanted.outputs, (index) => `outputs[${index}].`)
    yield* checkClaims(wanted, (output) => `outputs[${wanted.outputs.indexOf(output)}].url`, true)
    const config = yield* store.insertChannel(wanted)
    yield* running.adopt(config)
    if (config.should_run) yield* running.runNow(config, "at its creation")
    return yield* view(config)
  })
  const created = Effect.fn("Channels.create")(function* ({ templates: names = [], ...input }: ChannelRequest) {
    const slugs = new Set(book.all().map((c) => c.slug))
    const first = input.outputs?.length ?? 0
    const made =
      names.length === 0 ? [] : yield* outputsFrom(names, { slug: slugFor(input.name, slugs), name: input.name })
    // What is wrong with an output that nobody wrote is wrong with its template.
    const pathOf = (path: string) =>
      path.replace(/^outputs\[(\d+)\](?=\.)/, (at, index) =>
        Number(index) < first ? at : `templates[${Number(index) - first}]`,
      )
    const renamed = (errors: Conflict["errors"]) => errors.map((error) => ({ ...error, path: pathOf(error.path) }))
    const whole = made.length === 0 ? input : { ...input, outputs: [...(input.outputs ?? []), ...made] }
    return yield* createWhole(whole, slugs).pipe(
      Effect.catchTags({
        InvalidInput: ({ errors }) => new InvalidInput({ errors: renamed(errors) }),
        Conflict: ({ errors }) => new Conflict({ errors: renamed(errors) }),
      }),
    )
  })
  return (input: ChannelRequest) => change(created(input))
})
