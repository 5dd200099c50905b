/** Fakes of `Outputs` and `DryRuns`, over channels in memory. */
import { Effect } from "effect"
import type { OutputView } from "../../effects/model/channel.ts"
import type { DryRunsService } from "../../effects/supervisor/DryRuns.ts"
import type { OutputsService } from "../../effects/supervisor/Outputs.ts"
import { fakeTest } from "./fake-views.ts"
import { type FakeWorld, UNTIL } from "./fake-world.ts"

export const fakeOutputs = ({
  change,
  find,
  findOutput,
  keep,
  makeOutput,
  newId,
  put,
  putOutput,
}: FakeWorld): OutputsService => ({
  add: (ref, input) =>
    Effect.map(find(ref), (channel) => {
      const output = makeOutput(input, channel.outputs.length + 1)
      put({ ...channel, outputs: [...channel.outputs, output] })
      return output
    }),
  update: (ref, output, { id: _, ...changed }, check) =>
    change(
      putOutput(
        ref,
        output,
        Object.fromEntries(Object.entries(changed).filter(([, v]) => v !== undefined)) as Partial<OutputView>,
      ),
      check,
    ),
  addMany: (ref, inputs) =>
    Effect.map(find(ref), (channel) => {
      const added = inputs.map((input, i) => makeOutput(input, channel.outputs.length + 1 + i))
      put({ ...channel, outputs: [...channel.outputs, ...added] })
      return added
    }),
  duplicate: (ref, output) =>
    Effect.map(findOutput(ref, output), ([channel, old]) => {
      const copy = { ...old, id: newId(), name: `${old.name} copy`, slug: `${old.slug}-copy`, enabled: false }
      put({ ...channel, outputs: [...channel.outputs, copy] })
      return copy
    }),
  preview: (ref, input) =>
    Effect.map(find(ref), () => {
      const output = makeOutput(input, 0)
      return { understood: `${output.protocol} output`, output, twins: [] }
    }),
  remove: (ref, output, check) =>
    change(
      Effect.map(findOutput(ref, output), ([channel, old]) => {
        put({ ...channel, outputs: channel.outputs.filter((o) => o !== old) })
        const { name, slug } = channel
        return keep({ kind: "output", name: old.name, channel: { name, slug }, until: UNTIL }, () => put(channel))
      }),
      check,
    ),
  start: (ref, output) => putOutput(ref, output, { enabled: true, status: "connecting" }),
  stop: (ref, output) => putOutput(ref, output, { enabled: false, status: "stopped" }),
})

export const fakeDryRuns = ({ findOutput }: FakeWorld): DryRunsService => ({
  ofNew: () => Effect.succeed(fakeTest),
  ofExisting: (ref, output) => Effect.as(findOutput(ref, output), fakeTest),
})
