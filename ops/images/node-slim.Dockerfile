# A stand-in for node:20-slim and its like where Docker Hub can't be reached: the very same Node and npm,
# from the npm registry, on Debian. Both are in the context under packages/.
ARG BASE
FROM ${BASE} AS run
ARG NODE_VERSION
COPY packages /tmp/packages
COPY debian-sources /etc/apt/sources.list.d/debian.sources
COPY node-entrypoint /usr/local/bin/docker-entrypoint.sh
RUN rm -f /etc/apt/sources.list \
 && useradd --uid 1000 --user-group --create-home --shell /bin/bash node \
 && mkdir -p /usr/local/lib/node_modules/npm \
 && tar -xzf /tmp/packages/node.tgz -C /usr/local --strip-components=1 --no-same-owner package/bin/node \
 && tar -xzf /tmp/packages/npm.tgz -C /usr/local/lib/node_modules/npm --strip-components=1 --no-same-owner \
 && rm -rf /tmp/packages \
 && ln -s node /usr/local/bin/nodejs \
 && for name in npm npx; do \
	chmod +x /usr/local/lib/node_modules/npm/bin/$name-cli.js; \
	ln -s ../lib/node_modules/npm/bin/$name-cli.js /usr/local/bin/$name; \
 done \
 && [ "$(node --version)" = "v$NODE_VERSION" ] && npm --version \
 && rm -rf /root/.npm

FROM scratch
COPY --from=run / /
ARG NODE_TAG
ARG NODE_VERSION
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	NODE_VERSION=${NODE_VERSION}
LABEL org.containrlab.stand-in="node:${NODE_TAG}, made from Debian's packages and npm's of Node"
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
