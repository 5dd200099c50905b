/** A channel of ours beside MediaLive, for tests. */

import type { OurChannel } from "../our-legs.ts"
import { readChannel } from "../read-answer.ts"
import { type AnswerOptions, describedAnswer } from "./answers.ts"

export const ourChannel = (over: Partial<OurChannel> = {}): OurChannel => ({
  id: "id-news",
  slug: "news",
  name: "News",
  legs: [
    { source: "primary", ip: "0.0.0.0", port: 5000, by: "rtp" },
    { source: "backup", ip: "0.0.0.0", port: 5010, by: "rtp" },
  ],
  fec: false,
  allowedSenders: [],
  scte35Pid: null,
  hasRtmp: false,
  ...over,
})

/** Where MediaLive reaches this machine. */
export const ADDRESSES = ["198.51.100.5"]

export const mediaChannel = (options: AnswerOptions = {}) => {
  const channel = readChannel(describedAnswer(options))
  if (channel === null) throw new Error("the answer of the test is no channel")
  return channel
}
