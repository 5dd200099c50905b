/** The commands of a publisher, in the words of librtmp and OBS (Adobe RTMP Specification 1.0, 7.2.1 and 7.2.2). */
import { type AmfValue, amfObject, amfText } from "./amf0.ts"
import { type AuthRound, appendQuery } from "./auth.ts"
import type { RtmpMessage } from "./constants.ts"
import { commandMessage, streamCommandMessage } from "./messages.ts"
import type { Announce } from "./publisher-types.ts"
import type { RtmpUrl } from "./rtmp-url.ts"

/** What OBS, ffmpeg and FMLE say, since some servers look for it. */
const FLASH_VERSION = "FMLE/3.0 (compatible; FMSc/1.0)"

/** Transaction ids; a connection uses each once. */
export const TRANSACTION = {
  connect: 1,
  releaseStream: 2,
  fcPublish: 3,
  createStream: 4,
  publish: 5,
  fcUnpublish: 6,
  deleteStream: 7,
} as const

/** A login stands behind the application and the tcUrl alike. */
export const connectCommand = (
  url: RtmpUrl,
  auth: AuthRound | null,
  more: Readonly<Record<string, AmfValue>>,
): RtmpMessage => {
  const login = (text: string) => (auth === null ? text : appendQuery(text, auth.query))
  const command = {
    app: login(url.app),
    type: "nonprivate",
    flashVer: FLASH_VERSION,
    swfUrl: url.tcUrl,
    tcUrl: login(url.tcUrl),
    ...more,
  }
  return commandMessage("connect", TRANSACTION.connect, amfObject(command))
}

/** Asks for a stream; `announce` tells FMS and its kin before that a publisher of the key is coming. */
export const openCommands = (streamKey: string, announce: Announce): ReadonlyArray<RtmpMessage> => {
  const createStream = commandMessage("createStream", TRANSACTION.createStream, null)
  if (announce === false) return [createStream]
  return [
    ...(announce === true ? [commandMessage("releaseStream", TRANSACTION.releaseStream, null, streamKey)] : []),
    commandMessage("FCPublish", TRANSACTION.fcPublish, null, streamKey),
    createStream,
  ]
}

export const publishCommand = (messageStreamId: number, streamKey: string): RtmpMessage =>
  streamCommandMessage(messageStreamId, 0, "publish", TRANSACTION.publish, null, streamKey, "live")

/** Undoes what was done: null for a key that was not announced, and for a stream that was not given. */
export const leaveCommands = (
  announcedKey: string | null,
  messageStreamId: number | null,
): ReadonlyArray<RtmpMessage> => [
  ...(announcedKey === null ? [] : [commandMessage("FCUnpublish", TRANSACTION.fcUnpublish, null, announcedKey)]),
  ...(messageStreamId === null
    ? []
    : [commandMessage("deleteStream", TRANSACTION.deleteStream, null, messageStreamId)]),
]

/** The information object of a status or an answer: the first value that has a code or a description. */
export const infoOf = (values: ReadonlyArray<AmfValue>): AmfValue =>
  values.find((value) => amfText(value, "code") !== "" || amfText(value, "description") !== "")

/** Shorter ones are left in a text: masking them would leave nothing of it. */
const SECRET_MIN = 4

/** A text of the server without the stream key and the password that it may repeat. */
export const hideSecrets = (text: string, { streamKey, password }: RtmpUrl): string => {
  const secrets = [streamKey, streamKey.replace(/\?.*$/s, ""), password ?? ""]
  return secrets.reduce(
    (hidden, secret) => (secret.length < SECRET_MIN ? hidden : hidden.replaceAll(secret, "***")),
    text,
  )
}
