# A stand-in for debian:trixie-slim where Docker Hub can't be reached: the same packages, with Debian's
# own addresses instead of this machine's.
ARG BASE
FROM ${BASE} AS debian
COPY debian-sources /etc/apt/sources.list.d/debian.sources
RUN rm -f /etc/apt/sources.list

FROM scratch
COPY --from=debian / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL org.containrlab.stand-in="debian:trixie-slim, made from Debian's packages with debootstrap"
CMD ["bash"]
