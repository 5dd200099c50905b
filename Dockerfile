# The base is pinned to Debian's point release; what apt installs comes from its security archive as well.
# deploy/test-image.sh carries out these very lines in a clean Debian root and starts the result.

FROM debian:12.15-slim AS build
# Debian's npm puts the packages in place, in this stage alone. Everything that runs our code is Bun, which is one of them.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates npm
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund --loglevel=error
COPY . .
RUN node_modules/.bin/bun scripts/build-core.mjs \
 && node_modules/.bin/bun deploy/assemble.mjs /opt/stream-distributor

FROM debian:12.15-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates ffmpeg libsrt1.5-openssl \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
RUN groupadd --gid 10001 distributor \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin distributor \
 && install -d -o 10001 -g 10001 -m 0700 /data \
 && install -d -o 10001 -g 10001 -m 0755 /keys
COPY --from=build /opt/stream-distributor /app
WORKDIR /app
# HOST: a container is reached from outside; without API_KEY, users or AUTH=off its first start makes a key, in FIRST_KEY_FILE.
# /keys: for keys that other containers read (METRICS_KEY_FILE in docker-compose.yml).
# BUN_JSC_useDFGJIT: scripts/service-environment.mjs. The transpiler's cache would be written outside of /data.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data FIRST_KEY_FILE=/data/first.key LOG_FORMAT=json BUN_JSC_useDFGJIT=0 BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
USER 10001:10001
VOLUME /data
EXPOSE 8000/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/app/bin/bun", "/app/scripts/distributor.mjs", "health"]
ENTRYPOINT ["/app/bin/bun", "/app/src/main.ts"]
