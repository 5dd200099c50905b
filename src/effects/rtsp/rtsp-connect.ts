import { connect, isIP, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"

/** A connection to a RTSP server; with TLS as ffmpeg has it, which does not check the certificate. */
export const connectRtsp = (host: string, port: number, tls: boolean): Socket =>
  tls ? connectTls({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) }) : connect({ host, port })
