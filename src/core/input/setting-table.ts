/** The receive settings of a channel, a row each: see `settings/setting-row.ts` for the columns. */
import { REORDER_DATAGRAMS_MAX } from "../assembly/memory/layout.ts"
import type { SettingRow } from "../settings/setting-row.ts"
import { reorderReachMs } from "./reorder-reach.ts"

/** Columns that only inputs have. */
export interface InputColumns {
  /**
   * What becomes of the setting: `policy` is told to the engine with its default, `leg` to each leg as it is given,
   * `watch` is the control plane's own and shown with its default.
   */
  readonly use: "policy" | "leg" | "watch"
  /** Heading of the fields in the form; groups come in the order of their first settings here. */
  readonly group: "Primary and backup" | "Reception" | "Multicast" | "SCTE-35"
  /** True for what needs a backup and goes with it. */
  readonly backup?: true
}

const MAX_SENDERS = 8

export const INPUT_SETTINGS = {
  mode: {
    type: "choice",
    values: ["auto", "failover", "merge"],
    default: "auto",
    use: "policy",
    group: "Primary and backup",
    says:
      "`auto` merges sources that agree and fails over otherwise, `failover` never merges, " +
      "`merge` warns while not merged",
    form: {
      label: "Two inputs",
      choices: { auto: "merged where they agree", failover: "failover only", merge: "merged, warns while not" },
      hint: "Warns: is an alarm while two live inputs are not merged",
    },
    docs: {
      meaning:
        "`auto` merges sources that carry the same packets and fails over otherwise. `failover` never merges. " +
        "`merge` is `auto` with an alarm while two live sources are not merged; it needs a backup.",
    },
  },
  failover_after_ms: {
    type: "integer",
    unit: "ms",
    bounds: [50, 60_000],
    default: 500,
    use: "policy",
    group: "Primary and backup",
    says: "ms for which the active source may be unusable before the other one takes over",
    form: { label: "Fail over after", hint: "Silence of the active input, or a fault that lasts" },
    docs: {
      meaning:
        "How long the active source may be silent, carry null packets only, be out of sync, lack PAT or PMT, " +
        "or have too many continuity errors before the other one takes over.",
    },
  },
  failback: {
    type: "choice",
    values: ["auto", "manual"],
    default: "auto",
    use: "policy",
    group: "Primary and backup",
    says: "`auto` returns to the primary once it has been good for `failback_after_s`",
    form: { label: "Back to primary", choices: { auto: "by itself", manual: "by hand" } },
    docs: { meaning: "`auto` returns to the primary once it has been good for `failback_after_s`." },
  },
  failback_after_s: {
    type: "integer",
    unit: "s",
    bounds: [1, 86_400],
    default: 30,
    use: "policy",
    group: "Primary and backup",
    says: "Seconds, see `failback`",
    form: { label: "Back after", hint: "For so long the primary has been good" },
    docs: { meaning: "See `failback`." },
  },
  switch: {
    type: "choice",
    values: ["clean", "immediate"],
    default: "clean",
    use: "policy",
    group: "Primary and backup",
    says: "`clean` changes sources at a random access point of the new one, `immediate` with its next packet",
    form: { label: "Switch", choices: { clean: "at a random access point", immediate: "at once" } },
    docs: {
      meaning:
        "`clean` changes sources at a random access point of the new one, `immediate` with its next packet. Once a minute a failover that waits for such a point is given up when the old source is good again.",
    },
  },
  relay_port: {
    type: "integer",
    // The backup has the next one.
    bounds: [1, 65_534],
    default: null,
    use: "watch",
    group: "Reception",
    says:
      "Several machines: UDP port over which home and standby pass on to each other what they receive of the primary; " +
      "the backup's has the next one. null: nothing is passed on",
    form: {
      label: "Relay between nodes",
      placeholder: "nothing is passed on",
      hint: "Several machines: UDP port for what the nodes pass on of the primary; the next one is the backup's",
      after: "allowed_senders",
    },
    docs: {
      meaning:
        "[Several machines](nodes.md#inputs-follow): the UDP port over which the owner and its partner pass on to each " +
        "other what they receive of the primary; the backup's has the next one. For sources by RTP or UDP to one " +
        "address, such as a pipeline of MediaLive to each node. `null`: nothing is passed on.",
    },
  },
  reorder_ms: {
    type: "integer",
    unit: "ms",
    bounds: [0, 1000],
    default: 50,
    use: "policy",
    group: "Reception",
    says:
      `Longest wait for a packet out of order, in ms; ${REORDER_DATAGRAMS_MAX} packets wait at most, ` +
      `${reorderReachMs(20)} ms at 20 Mbit/s; 0 does not wait`,
    form: {
      label: "Reorder",
      hint: `Longest wait for a packet out of order, at most ${reorderReachMs(20)} ms at 20 Mbit/s; 0 is none`,
      after: "fec",
    },
    docs: {
      meaning:
        `Longest wait for an RTP packet out of order, with ${REORDER_DATAGRAMS_MAX} packets waiting at most ` +
        "(see below). 0 waits for none: one that comes behind its successor is dropped.",
    },
  },
  merge_window_ms: {
    type: "integer",
    unit: "ms",
    bounds: [10, 2000],
    default: 200,
    use: "policy",
    group: "Primary and backup",
    says: "Longest wait for the other source while merged, in ms, at most as long as 49 Mbit of the stream last",
    form: {
      label: "Merge window",
      hint: "At least the difference of the two paths; it reaches 2 s up to 24 Mbit/s, 1 s up to 49",
    },
    docs: {
      meaning:
        "Longest wait for the other source while merged: at least the difference of the two paths. " +
        "What it reaches depends on the bit rate, see below.",
    },
  },
  fec: {
    type: "choice",
    values: ["off", "auto"],
    default: "off",
    use: "policy",
    group: "Reception",
    says: "`auto` receives SMPTE 2022-1 FEC on port + 2 and + 4 and waits for it up to 10 s",
    form: { label: "FEC", choices: { auto: "SMPTE 2022-1, on the ports + 2 and + 4" } },
    docs: {
      meaning:
        "`auto` receives SMPTE 2022-1 FEC on the port + 2 (columns) and + 4 (rows) of each source, and waits for it " +
        "as long as two matrices last, up to 10 s (see below). These ports must be free of other inputs and outputs, " +
        "so a source's port is 65531 at most.",
    },
  },
  allowed_senders: {
    type: "list",
    maxItems: MAX_SENDERS,
    default: [],
    use: "policy",
    group: "Reception",
    says: "Addresses and networks, IPv4 and IPv6, that may send; without it anyone may",
    form: {
      label: "Allowed senders",
      placeholder: "everybody",
      hint: `Up to ${MAX_SENDERS} addresses or networks, as in 192.0.2.7, 10.0.0.0/8, 2001:db8::/32`,
      after: "rcvbuf",
    },
    docs: {
      default: "`everybody`",
      values: `up to ${MAX_SENDERS} addresses or networks`,
      meaning:
        "Addresses and networks of IPv4 and IPv6 (`192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`) that may send to either " +
        "source; `::/0` is all of IPv6 and none of IPv4. What others send is counted and dropped.",
    },
  },
  interface: {
    type: "text",
    maxLength: 64,
    use: "leg",
    group: "Multicast",
    says: "Interface name or local address for multicast joins",
    form: {
      label: "Interface",
      placeholder: "by the route",
      hint: "Name or local address, where multicast groups are joined",
    },
    docs: {
      default: "`the route's`",
      values: "interface name or its address",
      meaning: "Where multicast groups are joined.",
    },
  },
  source: {
    type: "text",
    maxLength: 64,
    use: "leg",
    group: "Multicast",
    says: "Sender of a source-specific multicast join",
    form: {
      label: "Multicast source",
      placeholder: "everybody",
      hint: "Joins the group for this sender alone",
    },
    docs: {
      default: "`everybody`",
      values: "IP address",
      meaning:
        "Source-specific multicast: joins the group for this sender only. " +
        "Needs a multicast group of its IP version in `rtp_ip`.",
    },
  },
  backup_interface: {
    type: "text",
    maxLength: 64,
    use: "leg",
    group: "Multicast",
    backup: true,
    says: "`interface` of the backup",
    form: { label: "Backup interface", placeholder: "as the primary", hint: "The same for the backup" },
    docs: {
      default: "`interface`",
      values: "interface name or its address",
      meaning: "The same for the backup. Needs a backup.",
    },
  },
  backup_source: {
    type: "text",
    maxLength: 64,
    use: "leg",
    group: "Multicast",
    backup: true,
    says: "Sender of a source-specific multicast join of the backup",
    form: { label: "Backup source", placeholder: "as the primary", hint: "The same for the backup" },
    docs: {
      default: "`source`",
      values: "IP address",
      meaning:
        "The same for the backup. Needs a multicast group in `backup_rtp_ip`; " +
        "a `source` of the other IP version does not count for it.",
    },
  },
  rcvbuf: {
    type: "integer",
    unit: "bytes",
    bounds: [65_536, 1_073_741_824],
    use: "leg",
    group: "Reception",
    says: "Kernel receive buffer to ask for, in bytes",
    form: { label: "Kernel buffer", placeholder: "4194304", hint: "Of each input" },
    docs: {
      default: "`4 MiB`",
      meaning:
        "Kernel receive buffer of each source in bytes. A leg's `rcvbuf_bytes` is what was granted; " +
        "a warning names the sysctl when it is less.",
    },
  },
  scte35_min_preroll_s: {
    type: "integer",
    unit: "s",
    bounds: [0, 60],
    // SCTE 35 9.2.
    default: 4,
    use: "watch",
    group: "SCTE-35",
    says: "Seconds before its splice point by which a cue must come",
    form: { label: "Least pre-roll", hint: "A cue that comes later is an alarm" },
    docs: {
      meaning:
        "Seconds before its splice point by which an SCTE-35 cue must come; a later one is an event and an alarm.",
    },
  },
  scte35_max_break_s: {
    type: "integer",
    unit: "s",
    bounds: [10, 86_400],
    default: 600,
    use: "watch",
    group: "SCTE-35",
    says: "Seconds after which an ad break is taken for over",
    form: { label: "Longest break", hint: "Then it is an alarm and taken for over" },
    docs: { meaning: "Seconds after which an ad break is an alarm and taken for over." },
  },
  scte35_silent_after_h: {
    type: "integer",
    unit: "h",
    bounds: [0, 720],
    default: 0,
    use: "watch",
    group: "SCTE-35",
    says: "Hours without a cue that are an alarm; 0, the default, is never",
    form: { label: "Silent after", hint: "Hours without a cue that are an alarm; 0 is never" },
    docs: { meaning: "Hours without a cue (splice_null is none) that are an alarm. 0: never." },
  },
  scte35_pid: {
    type: "integer",
    bounds: [32, 8190],
    default: null,
    use: "policy",
    group: "SCTE-35",
    says: "PID taken for SCTE-35 although the PMT does not say so; null: those of the PMT",
    form: { label: "SCTE-35 PID", placeholder: "as the PMT says", hint: "Where the PMT does not name it" },
    docs: {
      meaning:
        "PID that is taken for SCTE-35 although the PMT does not call it so, as some encoders leave it out. " +
        "`null`: those that the PMT names, and no others.",
    },
  },
  manual_cues: {
    type: "boolean",
    default: false,
    use: "watch",
    group: "SCTE-35",
    says: "true lets `POST /api/channels/{id}/cues` insert cues",
    form: {
      label: "Manual cues",
      choices: { false: "not allowed", true: "allowed" },
      hint: "Lets people insert cues into the stream",
    },
    docs: {
      meaning:
        "`true` lets `POST /api/channels/{id}/cues` insert cues, the only way in which a stream is ever changed " +
        '(`api.md`, "Inserting a cue").',
    },
  },
} as const satisfies Readonly<Record<string, SettingRow & InputColumns>>
