# A stand-in for redis where Docker Hub can't be reached: Debian's Redis, which keeps its data in /data
# under a user of its own and answers other containers, as the official image does.
ARG BASE
FROM ${BASE} AS run
RUN groupadd --gid 999 --system redis \
 && useradd --uid 999 --gid redis --system --no-create-home --home-dir /data redis \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server redis-tools > /dev/null \
 && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /etc/apt/sources.list /etc/redis /var/lib/redis \
 && install -d -o redis -g redis /data
COPY debian-sources /etc/apt/sources.list.d/debian.sources
COPY redis-entrypoint /usr/local/bin/docker-entrypoint.sh

FROM scratch
COPY --from=run / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL org.containrlab.stand-in="redis:latest, made from Debian's packages"
VOLUME /data
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
