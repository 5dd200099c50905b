/** Captures of datagrams, for Wireshark and tcpdump. */
import { MAX_SECONDS, USUAL_SECONDS } from "../../routes/captures.ts"
import type { Operation } from "./operation.ts"

const capture = {
  method: "get",
  tag: "Channels",
  query: [
    {
      name: "seconds",
      description: "How long is captured, from now on; the answer comes behind it",
      schema: { type: "integer", minimum: 1, maximum: MAX_SECONDS, default: USUAL_SECONDS },
    },
  ],
  answers: {
    200: {
      description:
        "The file, in the classic format of pcap. `X-Capture-Datagrams` and `X-Capture-Left-Out` say how many are in it and missing in it, `X-Capture-Ended-By` what ended it: time, size, channel, reader or fault.",
      content: { "application/vnd.tcpdump.pcap": { type: "string", contentMediaType: "application/vnd.tcpdump.pcap" } },
    },
  },
  problems: ["invalid-input", "not-found", "conflict"],
} as const

export const captureOperations: ReadonlyArray<Operation> = [
  {
    ...capture,
    path: "/api/channels/{id}/legs/{leg}/capture",
    id: "captureSource",
    summary: "The datagrams of a source, as they arrive",
    description:
      "Those of FEC as well; of a source by SRT the payloads. 32 MiB at most. Needs the role `admin`, and stands in the audit log.",
  },
  {
    ...capture,
    path: "/api/channels/{id}/outputs/{output_id}/capture",
    id: "captureOutput",
    summary: "The datagrams of a UDP, RTP or SRT output, as they leave",
    description:
      "Of outputs by SRT the packets themselves, which needs our own stack. 32 MiB at most. Needs the role `admin`, and stands in the audit log.",
  },
]
