import { describe, expect, it } from "vitest"
import type { OutputConfig } from "../model/channel.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { directoryConflicts } from "./used-directories.ts"

const directoryOf = ({ url }: OutputConfig) => (url.startsWith("hls://") ? `/srv/hls/${url.slice(6)}` : null)
const hls = (path: string, id = path) => outputConfig({ id, name: id, protocol: "hls", url: `hls://${path}` })
const conflicts = (
  mine: ReadonlyArray<OutputConfig>,
  theirs: ReadonlyArray<OutputConfig>,
  asked: ReadonlyArray<OutputConfig> = mine,
) =>
  directoryConflicts(
    channelConfig({ id: "mine", name: "Mine", outputs: mine }),
    (output) => (asked.includes(output) ? `outputs[${mine.indexOf(output)}].url` : null),
    [
      channelConfig({ id: "mine", outputs: [hls("old")] }),
      channelConfig({ id: "other", name: "Other", outputs: theirs }),
    ],
    directoryOf,
  )

describe("directories of outputs", () => {
  it("may lie side by side, also with names that begin alike", () => {
    expect(conflicts([hls("a"), hls("ab"), hls("c/d"), outputConfig()], [hls("c/e"), hls("b")])).toEqual([])
  })
  it("are of one output each", () => {
    expect(conflicts([hls("a")], [hls("a", "theirs")])).toEqual([
      {
        path: "outputs[0].url",
        message: 'the directory /srv/hls/a is already used by output "theirs" of channel "Other"',
      },
    ])
  })
  it("do not lie one in the other", () => {
    const [inside] = conflicts([hls("a/b/c")], [hls("a", "theirs")])
    expect(inside?.message).toBe(
      'the directory /srv/hls/a/b/c and that of output "theirs" of channel "Other", /srv/hls/a, lie one in the other',
    )
    expect(conflicts([hls("a")], [hls("a/b", "theirs")])).toHaveLength(1)
  })
  it("of two in one request the second is refused", () => {
    expect(conflicts([hls("a", "1"), hls("a", "2")], []).map(({ path }) => path)).toEqual(["outputs[1].url"])
  })
  it("an output that the request does not speak of is not refused, but counts", () => {
    const [one, two] = [hls("a", "1"), hls("a", "2")]
    expect(conflicts([one, two], [], [one]).map(({ path }) => path)).toEqual(["outputs[0].url"])
    expect(conflicts([one, two], [], [])).toEqual([])
  })
})
