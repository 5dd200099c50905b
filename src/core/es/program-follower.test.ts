import { describe, expect, it } from "vitest"
import { buildPat, buildPmt, packetizeSection, sealSection } from "../ts/psi.ts"
import { type FollowerOptions, ProgramFollower } from "./program-follower.ts"

const ONE = { program_number: 1, pid: 0x100 }
const TWO = { program_number: 2, pid: 0x200 }

const pat = (programs: ReadonlyArray<typeof ONE>, { version = 0, number = 0, last = 0, id = 7 } = {}) => {
  const section = buildPat({ transport_stream_id: id, version, programs })
  section[6] = number
  section[7] = last
  return sealSection(section)
}
const pmt = (program_number: number, version = 0) =>
  buildPmt({ program_number, version, pcr_pid: 0x50, descriptors: [], streams: [] })

/** A follower, what it was told, and a way to feed it sections. */
const follow = (options: FollowerOptions = { pat: "whole" }) => {
  const told: string[] = []
  const counters = new Map<number, number>()
  const follower = new ProgramFollower(options, {
    pat: () => told.push(`pat ${follower.programs.map(({ program_number }) => program_number).join()}`),
    pmt: ({ program_number, sightings }, isNew) =>
      told.push(`pmt ${program_number} ${isNew ? "new" : "again"} ${sightings}`),
  })
  const feed = (pid: number, ...sections: ReadonlyArray<Uint8Array>) => {
    for (const section of sections) {
      const counter = counters.get(pid) ?? 0
      counters.set(pid, (counter + 1) & 15)
      const packet = packetizeSection(section, pid, counter)
      follower.packet(packet, 4, packet.length, pid, true, counter, false)
    }
    return told.splice(0)
  }
  return { feed, follower }
}

describe("ProgramFollower", () => {
  it("lists programmes, without the network PID, and tells of each PMT whether it is new", () => {
    const { feed, follower } = follow()
    expect(feed(0, pat([{ program_number: 0, pid: 0x10 }, ONE, TWO]))).toEqual(["pat 1,2"])
    expect([...follower.pids]).toEqual([0, 0x100, 0x200])
    expect(feed(0x100, pmt(1), pmt(1), pmt(1, 1))).toEqual(["pmt 1 new 1", "pmt 1 again 2", "pmt 1 new 3"])
    expect(follower.programs[0]?.pmt?.version).toBe(1)
    expect(follower.programs[0]?.section).toEqual(pmt(1, 1))
  })

  it("wants the chosen programme's PMT alone, until the PAT no longer lists it", () => {
    const { feed, follower } = follow()
    feed(0, pat([ONE, TWO]))
    const [, second] = follower.programs
    if (second !== undefined) follower.choose(second)
    expect([follower.chosen?.program_number, [...follower.pids]]).toEqual([2, [0, 0x200]])
    expect(feed(0, pat([TWO], { version: 1 }))).toEqual(["pat 2"])
    expect(follower.chosen?.program_number).toBe(2)
    expect(feed(0, pat([ONE], { version: 2 }))).toEqual(["pat 1"])
    expect([follower.chosen, [...follower.pids]]).toEqual([null, [0, 0x100]])
  })

  it("keeps the PMT of a programme that another PAT lists as well, and forgets that of one it does not", () => {
    const { feed, follower } = follow()
    feed(0, pat([ONE, TWO]))
    feed(0x100, pmt(1))
    feed(0x200, pmt(2))
    feed(0, pat([TWO], { version: 1 }), pat([ONE, TWO], { version: 2 }))
    expect(follower.programs.map((one) => one.pmt?.program_number ?? null)).toEqual([null, 2])
    expect(feed(0x100, pmt(1))).toEqual(["pmt 1 new 1"])
  })

  it("takes a PAT that comes back after that of another transport stream", () => {
    const { feed } = follow()
    const [first, other] = [pat([ONE], { id: 1 }), pat([TWO], { id: 2 })]
    expect(feed(0, first, first, other, first)).toEqual(["pat 1", "pat 2", "pat 1"])
  })

  it("passes over what is damaged, not in force yet, or of a programme that is not listed", () => {
    const { feed } = follow()
    const next = pat([TWO], { version: 1 })
    next[5] = (next[5] ?? 0) & 0xfe
    const damaged = pat([TWO], { version: 2 })
    damaged[9] = (damaged[9] ?? 0) ^ 1
    expect(feed(0, pat([ONE]), sealSection(next), damaged)).toEqual(["pat 1"])
    expect(feed(0x100, pmt(3), pmt(1).fill(0, 12))).toEqual([])
  })

  it("waits for a whole PAT, in any order of its sections, or takes them in order as they come", () => {
    const [first, second] = [pat([ONE], { last: 1 }), pat([TWO], { number: 1, last: 1 })]
    expect(follow().feed(0, second, first)).toEqual(["pat 2,1"])
    const inOrder = follow({ pat: "in order" })
    expect(inOrder.feed(0, second, first, second)).toEqual(["pat 1", "pat 1,2"])
    expect(inOrder.follower.patSections).toEqual([first, second])
  })

  it("looks at no more programmes than it is told to", () => {
    const { follower, feed } = follow({ pat: "whole", programsMax: 1 })
    expect(feed(0, pat([ONE, TWO]))).toEqual(["pat 1"])
    expect([...follower.pids]).toEqual([0, 0x100])
  })
})
