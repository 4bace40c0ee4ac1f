# A stand-in for golang where Docker Hub can't be reached: Debian's Go, in /usr/local/go as in the official
# image, without git and the C compiler that cgo needs.
ARG BASE
FROM ${BASE} AS run
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	ca-certificates golang-1.24-go > /dev/null \
 && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /etc/apt/sources.list \
 # Debian spreads it over three places, with links between them.
 && cp -aL /usr/lib/go-1.24 /usr/local/go \
 && rm -rf /usr/lib/go-1.24 /usr/share/go-1.24 /usr/local/go/api /usr/local/go/misc /usr/local/go/test \
 && install -d -m 1777 /go /go/src /go/bin \
 && /usr/local/go/bin/go version
COPY debian-sources /etc/apt/sources.list.d/debian.sources

FROM scratch
COPY --from=run / /
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	GOPATH=/go \
	GOTOOLCHAIN=local
LABEL org.containrlab.stand-in="golang:1.24, made from Debian's packages"
WORKDIR /go
CMD ["bash"]
