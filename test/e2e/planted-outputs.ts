/**
 * Outputs and inputs with a planted secret in every place that takes one: with servers that take them, that refuse
 * them, that repeat them in their answers, and where no server exists.
 */
import { adobeLogin, llnwLogin } from "../../src/core/rtmp/testing/auth-server.ts"
import { startHttpReceiver } from "../../src/effects/testing/receivers.ts"
import { freeTcpPort, freeUdpPort } from "./ports.ts"
import { RtmpTestServer } from "./rtmp-test-server.ts"
import { RtspTestServer } from "./rtsp-test-server.ts"

/** Makes the secret of a place. */
export type Plant = (place: string) => string

/** Makes outputs to servers of all kinds, by the status that each comes to. `atEnd` takes what stops the servers. */
export const plantedOutputs = async (planted: Plant, atEnd: (stop: () => unknown) => void) => {
  const [adobe, llnw, refusing] = [planted("RtmpAdobe"), planted("RtmpLlnw"), planted("RtmpKey")]
  const [digestKey, rtspLogin, token, s3] = [
    planted("RtmpUrlKey"),
    planted("RtspLogin"),
    planted("HlsToken"),
    planted("S3"),
  ]
  const rtmpAdobe = await RtmpTestServer.start({ refuseConnect: adobeLogin("me", adobe) })
  const rtmpLlnw = await RtmpTestServer.start({ refuseConnect: llnwLogin("me", llnw) })
  const wrong = await RtmpTestServer.start({ refuseConnect: adobeLogin("me", "another") })
  const status = {
    level: "error",
    code: "NetStream.Publish.BadName",
    description: `stream live/${refusing} is already published`,
  }
  const taken = await RtmpTestServer.start({ publishStatus: status })
  const rtsp = await RtspTestServer.start(`me:${rtspLogin}`)
  const http = await startHttpReceiver((response, { path, headers }) => {
    response.writeHead(403, { "Content-Type": "text/plain" })
    response.end(`${path} is not for ${headers.authorization}`)
  })
  for (const server of [rtmpAdobe, rtmpLlnw, wrong, taken, rtsp]) atEnd(() => server.stop())
  atEnd(http.close)
  const at = `127.0.0.1:${await freeTcpPort()}`
  const passphrase = planted("SrtPassphrase")
  const srt = `srt://127.0.0.1:${await freeUdpPort()}?conntimeo=500&passphrase=${passphrase}`
  const listener = `srt://127.0.0.1:${await freeUdpPort()}?mode=listener&passphrase=${planted("SrtListener")}`
  return {
    connected: [
      { name: "rtmp-adobe", url: `rtmp://me:${adobe}@127.0.0.1:${rtmpAdobe.port}/live/${digestKey}` },
      {
        name: "rtmp-llnw",
        url: `rtmp://me:${llnw}@127.0.0.1:${rtmpLlnw.port}/live`,
        stream_key: planted("RtmpLlnwKey"),
      },
      { name: "rtsp", url: `rtsp://me:${rtspLogin}@127.0.0.1:${rtsp.port}/live` },
    ],
    waiting: [{ name: "srt-listener", url: listener }],
    failing: [
      { name: "srt", url: `${srt}&streamid=${encodeURIComponent(`#!::u=me,s=${planted("SrtStreamid")}`)}` },
      {
        name: "srt-backup",
        url: `srt://127.0.0.1:${await freeUdpPort()}?conntimeo=500`,
        settings: {
          backup_url: `srt://127.0.0.1:${await freeUdpPort()}?passphrase=${planted("SrtBackup")}&streamid=${encodeURIComponent(`#!::u=me,s=${planted("SrtBackupId")}`)}`,
        },
      },
      { name: "rtmp-wrong", url: `rtmp://me:${planted("RtmpWrong")}@127.0.0.1:${wrong.port}/live/x` },
      { name: "rtmp-taken", url: `rtmp://127.0.0.1:${taken.port}/live`, stream_key: refusing },
      { name: "rtmp-closed", url: `rtmp://me:${planted("RtmpClosed")}@${at}/live/${planted("RtmpClosedKey")}` },
      { name: "rtsp-wrong", url: `rtsp://me:${planted("RtspWrong")}@127.0.0.1:${rtsp.port}/live` },
      { name: "rtsp-closed", url: `rtsp://me:${planted("RtspClosed")}@${at}/live` },
      { name: "hls", url: `${http.url}/live/main.m3u8?token=${token}`, protocol: "hls" },
      {
        name: "hls-login",
        url: `${http.url.replace("//", `//me:${planted("HlsLogin")}@`)}/live/login.m3u8`,
        protocol: "hls",
      },
      {
        name: "s3",
        url: "s3://bucket/live",
        settings: { s3_endpoint: http.url, s3_access_key_id: "AKIA", s3_secret_access_key: s3 },
      },
    ],
  }
}

/** URLs of SRT inputs: a far end that is not there, and a listener that nobody calls. */
export const plantedInputs = async (planted: Plant) => {
  const passphrase = planted("InputPassphrase")
  const streamid = encodeURIComponent(`#!::u=me,r=live,s=${planted("InputStreamid")}`)
  const listener = `srt://:${await freeUdpPort()}?mode=listener&passphrase=${planted("InputListener")}`
  const caller = `srt://127.0.0.1:${await freeUdpPort()}?conntimeo=500&passphrase=${passphrase}&streamid=${streamid}`
  return { input_url: caller, backup_input_url: listener }
}
