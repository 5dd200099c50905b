/** nginx with its RTMP module as the far side of RTMP outputs, and what it says it has received. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freeTcpPort, onAbort, sleep, start } from "./processes.ts"
import { hasProgram } from "./processes-peer.ts"

const MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"

const configuration = (folder: string, rtmpPort: number, httpPort: number): string => `
load_module ${MODULE};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
rtmp { server { listen 127.0.0.1:${rtmpPort}; chunk_size 65536; max_message 16M; application live { live on; record off; } } }
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder};
  scgi_temp_path ${folder}; server { listen 127.0.0.1:${httpPort}; location / { rtmp_stat all; } } }
`

export interface RtmpServer {
  readonly port: number
  readonly pid: number
  /** Bytes received, by name of the stream, of those that are live. */
  received(): Promise<ReadonlyMap<string, number>>
  stop(): Promise<void>
}

export const rtmpServerMissing = (): string | null =>
  existsSync(MODULE) && (hasProgram("nginx") || existsSync("/usr/sbin/nginx"))
    ? null
    : "nginx with its RTMP module is not installed"

export const startRtmpServer = async (): Promise<RtmpServer> => {
  const folder = mkdtempSync(join(tmpdir(), "distributor-nginx-"))
  const [port, httpPort] = [await freeTcpPort(), await freeTcpPort()]
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, port, httpPort))
  const nginx = start(hasProgram("nginx") ? "nginx" : "/usr/sbin/nginx", [
    "-p",
    folder,
    "-c",
    join(folder, "nginx.conf"),
  ])
  const forget = onAbort(() => rmSync(folder, { recursive: true, force: true }))
  const statistics = async () =>
    (await fetch(`http://127.0.0.1:${httpPort}/`, { signal: AbortSignal.timeout(5000) })).text()
  for (let attempt = 0; ; attempt++) {
    const up = await statistics().then(
      () => true,
      () => false,
    )
    if (up) break
    if (attempt === 50) throw new Error(`nginx does not start: ${nginx.errors()}`)
    await sleep(0.1)
  }
  return {
    port,
    pid: nginx.pid,
    received: async () => {
      const streams = (await statistics()).match(/<stream>[\s\S]*?<\/stream>/g) ?? []
      return new Map(
        streams.flatMap((stream) => {
          const name = /<name>([^<]*)<\/name>/.exec(stream)?.[1]
          const bytes = /<bytes_in>(\d+)<\/bytes_in>/.exec(stream)?.[1]
          return name === undefined || bytes === undefined || !stream.includes("<publishing/>")
            ? []
            : [[name, Number(bytes)] as const]
        }),
      )
    },
    stop: async () => {
      await nginx.stop()
      forget()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
