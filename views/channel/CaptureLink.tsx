/** @jsxImportSource hono/jsx */
import type { OutputView } from "../../src/effects/model/channel.ts"

/** True for outputs whose datagrams the engine sends itself, or may: of an SRT output that is not connected nobody knows. */
export const sendsDatagrams = ({ protocol, srt_stack }: Pick<OutputView, "protocol" | "srt_stack">): boolean =>
  protocol === "udp" || protocol === "rtp" || (protocol === "srt" && srt_stack !== "libsrt")

interface CaptureLinkProps {
  readonly path: string
  /** What is captured, for readers who do not see where the link stands. */
  readonly of: string
}

/** Downloads the datagrams of the next ten seconds, which takes as long. */
export const CaptureLink = ({ of, path }: CaptureLinkProps) => (
  <a
    class="button"
    href={`${path}?seconds=10`}
    download
    title="The datagrams of the next 10 s as a file for Wireshark and tcpdump: the download begins after 10 s"
  >
    Capture 10 s<span class="visually-hidden"> of {of}</span>
  </a>
)
