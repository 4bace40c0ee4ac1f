# A stand-in for hello-world where Docker Hub can't be reached: one small program and what it takes to
# run it.
ARG BASE
FROM ${BASE} AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends busybox-static > /dev/null

FROM scratch
COPY --from=build /bin/busybox /bin/busybox
COPY hello-world /hello
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL org.containrlab.stand-in="hello-world, written for this classroom"
CMD ["/hello"]
