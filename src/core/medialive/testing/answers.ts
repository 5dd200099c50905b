/** Answers of MediaLive for tests, as the API writes them: camelCase, paths as in the API reference. */

export interface AnswerOptions {
  readonly id?: string
  readonly name?: string
  readonly state?: string
  readonly channelClass?: "STANDARD" | "SINGLE_PIPELINE"
  readonly pipelinesRunningCount?: number
  /** URLs of the output `ts`, one for each pipeline. */
  readonly urls?: ReadonlyArray<string>
  readonly m2ts?: Readonly<Record<string, unknown>>
  readonly fec?: Readonly<Record<string, unknown>> | null
  readonly inputLossAction?: string
  readonly audio?: string
  readonly video?: string
  /** Settings of the video's codec, beside or in place of the usual ones. */
  readonly codec?: Readonly<Record<string, unknown>>
  readonly egress?: ReadonlyArray<string>
  readonly scte35Pid?: number | null
  readonly vpc?: Readonly<Record<string, unknown>>
  /** More destinations, by id, that are not of the output `ts`. */
  readonly others?: Readonly<Record<string, ReadonlyArray<string>>>
  readonly srt?: boolean
}

const REGION = "eu-west-1"
const ACCOUNT = "123456789012"

const encoder = (options: AnswerOptions) => {
  const {
    audio = "aacSettings",
    fec = null,
    codec,
    inputLossAction = "EMIT_PROGRAM",
    m2ts,
    srt = false,
    video,
  } = options
  const settings = {
    bufferMsec: 1000,
    destination: { destinationRefId: "dist" },
    containerSettings: {
      m2tsSettings: {
        scte35Control: "PASSTHROUGH",
        scte35Pid: "500",
        pcrPid: "481",
        videoPid: "481",
        rateMode: "CBR",
        bitrate: 8_000_000,
        pcrPeriod: 40,
        ...m2ts,
      },
    },
    ...(fec === null ? {} : { fecOutputSettings: fec }),
  }
  const h264 = {
    bitrate: 6_000_000,
    framerateControl: "SPECIFIED",
    framerateNumerator: 25,
    framerateDenominator: 1,
    ...codec,
  }
  return {
    timecodeConfig: { source: "EMBEDDED" },
    audioDescriptions: [{ name: "a", audioSelectorName: "default", codecSettings: { [audio]: {} } }],
    videoDescriptions: [{ name: "v", width: 1920, height: 1080, codecSettings: { [video ?? "h264Settings"]: h264 } }],
    outputGroups: [
      {
        name: "distributor",
        outputGroupSettings: { [srt ? "srtGroupSettings" : "udpGroupSettings"]: { inputLossAction } },
        outputs: [
          {
            outputName: "ts",
            videoDescriptionName: "v",
            audioDescriptionNames: ["a"],
            outputSettings: { [srt ? "srtOutputSettings" : "udpOutputSettings"]: settings },
          },
        ],
      },
    ],
  }
}

/** What `DescribeChannel` answers. */
export const describedAnswer = (options: AnswerOptions = {}) => {
  const {
    channelClass = "STANDARD",
    egress = ["203.0.113.10", "203.0.113.11"],
    id = "1001",
    name = "Main Event",
    others = {},
    pipelinesRunningCount = 0,
    scte35Pid = 500,
    srt = false,
    state = "IDLE",
    urls = ["rtp://198.51.100.5:5000", "rtp://198.51.100.5:5010"],
    vpc,
  } = options
  const destination = (key: string, list: ReadonlyArray<string>, isSrt: boolean) => ({
    id: key,
    mediaPackageSettings: [],
    settings: isSrt ? [] : list.map((url) => ({ url })),
    ...(isSrt ? { srtSettings: list.map((url) => ({ url })) } : {}),
  })
  return {
    arn: `arn:aws:medialive:${REGION}:${ACCOUNT}:channel:${id}`,
    id,
    name,
    state,
    channelClass,
    pipelinesRunningCount,
    logLevel: "WARNING",
    roleArn: `arn:aws:iam::${ACCOUNT}:role/MediaLiveAccessRole`,
    egressEndpoints: egress.map((sourceIp) => ({ sourceIp })),
    inputSpecification: { codec: "AVC", maximumBitrate: "MAX_20_MBPS", resolution: "HD" },
    inputAttachments: [
      {
        inputAttachmentName: "studio",
        inputId: "9000001",
        inputSettings: { sourceEndBehavior: "CONTINUE", ...(scte35Pid === null ? {} : { scte35Pid }) },
      },
    ],
    destinations: [
      destination("dist", urls, srt),
      ...Object.entries(others).map(([key, list]) => destination(key, list, false)),
    ],
    pipelineDetails: Array.from({ length: pipelinesRunningCount }, (_, n) => ({
      pipelineId: String(n),
      activeInputAttachmentName: "studio",
    })),
    tags: {},
    encoderSettings: encoder(options),
    ...(vpc === undefined ? {} : { vpc }),
  }
}

/** The answer as an item of `ListChannels`: without the encoder's settings and the pipelines. */
export const summaryAnswer = (options: AnswerOptions = {}) => {
  const { encoderSettings: _, pipelineDetails: __, ...summary } = describedAnswer(options)
  return summary
}
