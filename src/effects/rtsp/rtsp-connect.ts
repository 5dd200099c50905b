import { connect, isIP, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"

/** A connection to an RTSP server. With TLS the certificate is not checked, as ffmpeg does not check it either. */
export const connectRtsp = (host: string, port: number, tls: boolean): Socket =>
  tls
    ? connectTls({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) })
    : connect({ host, port })
