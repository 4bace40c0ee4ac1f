# A stand-in for postgres where Docker Hub can't be reached: Debian's PostgreSQL 17, with its data, its
# settings by environment and its scripts of the first start where the official image has them.
ARG BASE
FROM ${BASE} AS run
RUN groupadd --gid 999 --system postgres \
 && useradd --uid 999 --gid postgres --system --home-dir /var/lib/postgresql --shell /bin/bash postgres \
 # Debian's own cluster isn't wanted: each container makes its own.
 && mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	postgresql-17 postgresql-client-17 > /dev/null \
 && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /var/log/postgresql /etc/apt/sources.list \
	/usr/lib/postgresql/17/lib/bitcode \
 && install -d -o postgres -g postgres -m 700 /var/lib/postgresql/data \
 && install -d -o postgres -g postgres -m 3777 /var/run/postgresql \
 && mkdir -p /docker-entrypoint-initdb.d
COPY debian-sources /etc/apt/sources.list.d/debian.sources
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
RUN /usr/lib/postgresql/17/bin/postgres --version

FROM scratch
COPY --from=run / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin \
	LANG=C.UTF-8 \
	PG_MAJOR=17 \
	PGDATA=/var/lib/postgresql/data
LABEL org.containrlab.stand-in="postgres:17, made from Debian's packages"
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
