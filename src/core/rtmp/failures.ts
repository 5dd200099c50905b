/**
 * Why a publication fails, and whether trying again can help: the codes of servers (E-RTMP and FMS reference), and
 * our own.
 */

import { printable } from "../bytes/printable.ts"
import type { AuthRound } from "./auth.ts"

/** How far a connection came. */
export type PublishStage = "handshake" | "connect" | "createStream" | "publish" | "publishing"

export interface RtmpFailure {
  /**
   * The server's code as it is, or one of ours (no code of a server begins with `Auth.`, `Handshake.`, `Protocol.`,
   * `Closed.` or `Timeout.`).
   */
  readonly code: string
  /** For the operator: cause, and what to do where that is known. Holds the server's words, and no secret. */
  readonly description: string
  /** What the server said, verbatim but for secrets; "" when it said nothing. */
  readonly serverText: string
  /** Worth a retry; otherwise the operator must change something, and retries only cost. */
  readonly transient: boolean
  /** For a login: connect again at once and pass this on. */
  readonly auth: AuthRound | null
}

interface FailureRule {
  readonly transient: boolean
  /** What it means, and what to do. */
  readonly meaning: string
}

const RULES: Readonly<Record<string, FailureRule>> = {
  // The name is free again when the server has noticed that the session before is gone, minutes later with some.
  "NetStream.Publish.BadName": {
    transient: true,
    meaning: "the stream key is in use: somebody else publishes with it, or the server still holds the session before",
  },
  "NetStream.Publish.Denied": {
    transient: false,
    meaning: "the server denies publishing with this stream key: check the key",
  },
  "NetStream.Publish.Rejected": { transient: false, meaning: "the server rejects this stream key: check the key" },
  "NetStream.Publish.Failed": { transient: true, meaning: "the server could not start the publication" },
  "NetStream.Unpublish.Success": { transient: true, meaning: "the server ended the publication" },
  "NetStream.Failed": { transient: true, meaning: "the server has a problem of its own" },
  "NetStream.Connect.Rejected": { transient: false, meaning: "the server rejects the stream" },
  "NetConnection.Connect.Rejected": {
    transient: false,
    meaning:
      "the server rejects the connection: check the application in the URL, the login and what the account allows",
  },
  "NetConnection.Connect.InvalidApp": {
    transient: false,
    meaning: "the server does not know the application: check the URL",
  },
  "NetConnection.Connect.Failed": { transient: true, meaning: "the server could not make the connection" },
  "NetConnection.Connect.AppShutdown": { transient: true, meaning: "the server is shutting the application down" },
  "NetConnection.Connect.Closed": { transient: true, meaning: "the server closed the connection" },
  "NetConnection.Connect.IdleTimeOut": {
    transient: true,
    meaning: "the server closed the connection because nothing came",
  },
  "NetConnection.Call.Failed": { transient: true, meaning: "the server could not run a command" },
  "NetConnection.Call.BadVersion": { transient: false, meaning: "the server does not understand a command" },
  // Nothing in a wrong password, a missing login or a scheme we lack changes by waiting.
  "Auth.Missing": { transient: false, meaning: "" },
  "Auth.Unsupported": { transient: false, meaning: "" },
  "Auth.Failed": { transient: false, meaning: "" },
  "Auth.NoSuchUser": { transient: false, meaning: "" },
  "Auth.Malformed": { transient: false, meaning: "" },
  // The answer to a challenge: no failure, but a reason to connect again.
  "Auth.Needed": { transient: true, meaning: "" },
  // Another program listens there.
  "Handshake.Failed": { transient: false, meaning: "" },
  // A server that breaks once may work after a restart; a proxy in between may have cut the stream.
  "Protocol.Error": { transient: true, meaning: "" },
  "Protocol.NoStream": { transient: true, meaning: "the server gave no stream for createStream" },
}

const CLOSED: Readonly<Record<PublishStage, string>> = {
  handshake:
    "the server closed the connection during the RTMP handshake: check host and port, and whether it must be rtmps://",
  connect: "the server closed the connection without answering connect: it may not know the application in the URL",
  createStream: "the server closed the connection before it gave a stream",
  publish: "the server closed the connection after the stream key was named: check the key",
  publishing: "the server closed the connection",
}

const TIMEOUT: Readonly<Record<PublishStage, string>> = {
  handshake: "the server does not answer the RTMP handshake: check the port, and whether it must be rtmps://",
  connect: "the server does not answer connect: check the application in the URL",
  createStream: "the server does not answer createStream",
  publish: "the server does not say that the publication has started: check the stream key",
  publishing: "the connection stands still",
}

/** Texts of servers are cut here: some send pages. */
const TEXT_MAX = 500

const sentence = (meaning: string, code: string, text: string): string =>
  text === "" ? `${meaning} (${code})` : `${meaning} (${code}: ${text})`

/** A status with this code means the end, whatever level the server gives it. */
export const isFailureCode = (code: string): boolean => code.startsWith("Net") && Object.hasOwn(RULES, code)

/** What a server's code means; a code that is not known, and none at all, may be tried again. */
export const serverFailure = (code: string, serverText: string): RtmpFailure => {
  const rule = Object.hasOwn(RULES, code) ? RULES[code] : undefined
  const text = printable(serverText.replace(/[\u0000-\u001f\u007f]+/g, " ").slice(0, TEXT_MAX))
  const known = code === "" ? "no code" : printable(code.slice(0, TEXT_MAX))
  return {
    code: known,
    description: sentence(rule?.meaning || "the server refuses", known, text),
    serverText: text,
    transient: rule?.transient ?? true,
    auth: null,
  }
}

/** A failure that we found ourselves: its code must be in the table. */
export const ownFailure = (
  code: string,
  description: string,
  serverText = "",
  auth: AuthRound | null = null,
): RtmpFailure => ({
  code,
  description: description === "" ? (RULES[code]?.meaning ?? code) : description,
  serverText,
  transient: RULES[code]?.transient ?? true,
  auth,
})

export const closedFailure = (stage: PublishStage): RtmpFailure => ({
  code: `Closed.${stage}`,
  description: CLOSED[stage],
  serverText: "",
  transient: true,
  auth: null,
})

export const timeoutFailure = (stage: PublishStage): RtmpFailure => ({
  code: `Timeout.${stage}`,
  description: TIMEOUT[stage],
  serverText: "",
  transient: true,
  auth: null,
})
