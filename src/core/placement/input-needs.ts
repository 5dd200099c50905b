/** What the input of a channel needs, so that it is there on the node that takes over. */

/** How a leg comes: called by us, calling us, from a group that any node may join, or sent to one address. */
export type LegWay = "srt-caller" | "srt-listener" | "multicast" | "unicast"

export interface LegOfChannel {
  readonly name: "primary" | "backup"
  readonly way: LegWay
  /** As people write it: `239.1.1.1:5000`, `:5000`, `srt://encoder:7000`. */
  readonly endpoint: string
}

/** The nodes and their means that the legs are looked at with. */
export interface Surroundings {
  readonly home: string
  /** Null while there is no other node that could take over. */
  readonly partner: string | null
  /** True when each of the two nodes passes on to the other what its legs bring. */
  readonly relayed: boolean
  /** True when the nodes run a program when they take over, which may move an address. */
  readonly hook: boolean
}

export interface LegNeeds {
  readonly leg: "primary" | "backup"
  /** `itself` needs nothing; `set up` follows once somebody outside has done something; `no` cannot follow. */
  readonly follows: "itself" | "set up" | "no"
  /** One sentence for operators. */
  readonly needs: string
}

export interface InputNeeds {
  /** The best of its legs: a channel goes on with one. */
  readonly follows: LegNeeds["follows"]
  readonly legs: ReadonlyArray<LegNeeds>
}

const needsOf = (leg: LegOfChannel, around: Surroundings, other: string): LegNeeds => {
  const { home, hook, relayed } = around
  const said = (follows: LegNeeds["follows"], needs: string): LegNeeds => ({ leg: leg.name, follows, needs })
  const the = `the ${leg.name} (${leg.endpoint})`
  switch (leg.way) {
    case "srt-caller":
      return said(
        "itself",
        `${the} follows by itself: the owner alone calls the sender, and ${other} calls it after taking over`,
      )
    case "multicast":
      return said("itself", `${the} follows by itself as long as the group reaches ${home} and ${other}: both join it`)
    case "srt-listener":
      return said(
        hook ? "set up" : "no",
        hook
          ? `${the} follows when NODE_ON_TAKEOVER moves the address that the sender calls to ${other}`
          : `${the} does not follow: the sender calls ${home}; have it call ${other} too, by the other leg or by a second call, or let NODE_ON_TAKEOVER move the address`,
      )
    case "unicast":
      if (relayed)
        return said(
          "set up",
          `${the} is passed on between ${home} and ${other}: it stays as long as the node lives to which it is sent`,
        )
      return said(
        hook ? "set up" : "no",
        hook
          ? `${the} follows when NODE_ON_TAKEOVER moves its address to ${other}`
          : `${the} does not follow: it is sent to one machine; send it to ${other} too, send one of the pipelines to each, or let NODE_ON_TAKEOVER move the address`,
      )
  }
}

const BEST = ["itself", "set up", "no"] as const

/** What each leg needs, and whether the channel as a whole follows its owner. */
export const inputNeeds = (legs: ReadonlyArray<LegOfChannel>, around: Surroundings): InputNeeds => {
  const other = around.partner ?? "another node"
  const needs = legs.map((leg) => needsOf(leg, around, other))
  return { follows: BEST.find((one) => needs.some(({ follows }) => follows === one)) ?? "no", legs: needs }
}
