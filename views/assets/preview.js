// Plays a channel's outgoing stream: TS from our WebSocket, by mpegts.js, which is loaded with the first click.
const START = "Play the stream"
const STOP = "Stop"
const GO_ON = "Go on"
const TIME_IS_UP = 4000

const AAC = 0x0f
const H264 = 0x1b
const HEVC = 0x24
/** Names of formats that browsers do not play, by stream_type of the PMT. */
const VIDEO_NAMES = {
  1: "MPEG-1",
  2: "MPEG-2",
  16: "MPEG-4 part 2",
  36: "HEVC (H.265)",
  51: "VVC (H.266)",
  66: "AVS",
  210: "AVS2",
}
const AUDIO_NAMES = { 3: "MPEG audio", 4: "MPEG audio", 17: "AAC in LATM", 129: "AC-3", 135: "E-AC-3" }
const AUDIO_TAGS = { "AC-3": "AC-3", EAC3: "E-AC-3", Opus: "Opus", "AC-4": "AC-4", BSSD: "SMPTE 302M" }
const HEVC_TYPE = 'video/mp4; codecs="hvc1.1.6.L120.90"'
/** Seconds that the picture may lag before it is played a little faster. */
const BEHIND_S = 3

const canPlay = (type) => globalThis.MediaSource?.isTypeSupported(type) === true

/** Which of these streams can be played, as mpegts.js's options, or a sentence that says why none can. */
export const planOf = (streams, plays = canPlay) => {
  const video = streams.find(
    ({ stream_type: type }) => type === H264 || type === HEVC || VIDEO_NAMES[type] !== undefined,
  )
  if (video === undefined) return { problem: "the stream has no video that is known here" }
  const isPlayed = video.stream_type === H264 || (video.stream_type === HEVC && plays(HEVC_TYPE))
  if (!isPlayed) return { problem: `the video is ${VIDEO_NAMES[video.stream_type]}, which this browser does not play` }
  const audio = streams.find(
    ({ registration, stream_type: type }) => type === AAC || AUDIO_NAMES[type] || AUDIO_TAGS[registration],
  )
  // Sound that the browser cannot play would stop the picture as well.
  const hasAudio = streams.some(({ stream_type: type }) => type === AAC)
  if (hasAudio || audio === undefined) return { hasAudio, note: hasAudio ? "" : "without sound" }
  return { hasAudio, note: `without sound: it is ${AUDIO_TAGS[audio.registration] ?? AUDIO_NAMES[audio.stream_type]}` }
}

let library
const loadLibrary = () => {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = "/static/mpegts.js"
    script.onload = () => resolve(globalThis.mpegts)
    script.onerror = () => {
      library = undefined
      reject(new Error("the player could not be loaded"))
    }
    document.head.append(script)
  })
  return library
}

/** A loader for mpegts.js that takes its bytes from an open connection. */
const loaderOf = (mpegts, feed) =>
  class extends mpegts.BaseLoader {
    constructor() {
      super("preview")
      this._needStash = true
      this.received = 0
    }
    open() {
      this._status = mpegts.LoaderStatus.kBuffering
      feed.take((bytes) => {
        const from = this.received
        this.received += bytes.byteLength
        this._onDataArrival?.(bytes, from, this.received)
      })
    }
    abort() {
      feed.take(null)
      this._status = mpegts.LoaderStatus.kComplete
    }
    destroy() {
      this.abort()
      super.destroy()
    }
  }

/** A queue that holds bytes until somebody takes them. */
const makeFeed = () => {
  const waiting = []
  let taker = null
  return {
    push: (bytes) => (taker === null ? waiting.push(bytes) : taker(bytes)),
    take: (next) => {
      taker = next
      if (next === null) return
      for (const bytes of waiting.splice(0)) next(bytes)
    },
  }
}

const running = new Map()

const stop = (element, text, label = START) => {
  const session = running.get(element)
  running.delete(element)
  session?.socket.close()
  session?.player?.destroy()
  element.querySelector("[data-preview-button]").textContent = label
  element.querySelector(".preview-state").textContent = text
}

const play = async (element, session, streams) => {
  const { hasAudio, note, problem } = planOf(streams)
  if (problem !== undefined) return stop(element, `Cannot be shown: ${problem}.`)
  const mpegts = await loadLibrary()
  if (running.get(element) !== session) return
  if (!mpegts.getFeatureList().mseLivePlayback)
    return stop(element, "Cannot be shown: this browser has no Media Source Extensions.")
  const say = (text) => {
    if (running.get(element) === session) element.querySelector(".preview-state").textContent = text
  }
  const video = element.querySelector("video")
  const source = { type: "mpegts", isLive: true, hasVideo: true, hasAudio, url: element.dataset.preview }
  mpegts.LoggingControl.enableAll = false
  session.player = mpegts.createPlayer(source, {
    customLoader: loaderOf(mpegts, session.feed),
    enableWorker: false,
    liveSync: true,
    liveSyncMaxLatency: BEHIND_S,
    autoCleanupSourceBuffer: true,
  })
  session.player.on(mpegts.Events.ERROR, (_type, detail, info) => {
    if (running.get(element) !== session) return
    const isCodec = /codec|unsupported/i.test(`${detail} ${info?.msg}`)
    stop(
      element,
      isCodec
        ? "Cannot be shown: this browser does not play this kind of video."
        : `The picture failed (${info?.msg ?? detail}).`,
    )
  })
  video.addEventListener("playing", () => say(note === "" ? "Live." : `Live, ${note}.`), { once: true })
  session.player.attachMediaElement(video)
  session.player.load()
  // Muted, so that browsers allow it without a gesture; the player reports errors.
  await session.player.play()?.catch(() => undefined)
}

const start = (element) => {
  const url = new URL(element.dataset.preview, location.href)
  url.protocol = url.protocol.replace("http", "ws")
  const session = { socket: new WebSocket(url), feed: makeFeed(), player: null }
  running.set(element, session)
  element.querySelector("[data-preview-button]").textContent = STOP
  element.querySelector(".preview-state").textContent = "Waiting for the next key frame ..."
  const { socket } = session
  socket.binaryType = "arraybuffer"
  socket.onmessage = ({ data }) => {
    if (running.get(element) !== session) return
    if (typeof data !== "string") return session.feed.push(data)
    play(element, session, JSON.parse(data).streams).catch((error) =>
      stop(element, `Cannot be shown: ${error.message}.`),
    )
  }
  socket.onclose = ({ code, reason }) => {
    if (running.get(element) !== session) return
    if (code === TIME_IS_UP) stop(element, "Stopped after 5 minutes.", GO_ON)
    else stop(element, reason === "" ? "The connection was lost." : `It ended: ${reason}.`)
  }
}

const enhance = () => {
  for (const button of document.querySelectorAll("[data-preview-button][hidden]")) button.hidden = false
}

globalThis.document?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preview-button]")
  const element = button?.closest("[data-preview]")
  if (!element) return
  if (running.has(element)) stop(element, "")
  else start(element)
})
globalThis.addEventListener?.("pagehide", () => {
  for (const element of running.keys()) stop(element, "")
})
if (globalThis.document) enhance()
