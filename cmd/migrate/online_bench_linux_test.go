package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	limit "golang.org/x/time/rate"

	"migrate/internal/onlinetest"
	"migrate/pgp"
	"migrate/report"
)

// hundred is a python.org with a hundred artifacts that are made while they are
// sent.
type hundred struct {
	block []byte
	line  *limit.Limiter // of all answers together
}

const (
	hundredSize  = 20 << 20
	hundredCount = 100
	lineBurst    = 256 << 10
)

// name is artifact n's path.
func (hundred) name(n int) string {
	return fmt.Sprintf("3.13.%d/Python-3.13.%[1]d%s", n/2, []string{".tgz", ".tar.xz"}[n%2])
}

// content is artifact n.
func (h *hundred) content(n int) io.ReadSeeker {
	return &repeated{block: h.block, shift: int64(n) << 12}
}

func (h *hundred) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, ftp)
	var index strings.Builder
	for n := range hundredCount {
		file := h.name(n)
		switch dir, base := path.Split(file); name {
		case "":
			fmt.Fprintf(&index, "<a href=\"%s\">x</a>\n", dir)
		case dir:
			for _, f := range []string{base, base + ".asc", base + ".sigstore"} {
				fmt.Fprintf(&index, "<a href=\"%s\">x</a>\n", f)
			}
		case file:
			w.Header().Set("ETag", fmt.Sprintf("\"%d\"", n))
			http.ServeContent(w, r, "x.bin", time.Time{}, &throttled{h.content(n), h.line, r})
			return
		case file + ".asc", file + ".sigstore": // real ones, of another file
			w.Write(big().files[bigRelease+"/"+bigFile+path.Ext(name)])
			return
		}
	}
	if index.Len() == 0 {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintf(w, "<title>Index of %s</title>\n%s", r.URL.Path, &index)
}

// repeated is a block again and again.
type repeated struct {
	block     []byte
	shift, at int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.at >= hundredSize {
		return 0, io.EOF
	}
	from := r.block[(r.at+r.shift)%int64(len(r.block)):]
	n := copy(p[:min(int64(len(p)), hundredSize-r.at)], from)
	r.at += int64(n)
	return n, nil
}

func (r *repeated) Seek(offset int64, whence int) (int64, error) {
	r.at = offset + map[int]int64{io.SeekStart: 0, io.SeekCurrent: r.at, io.SeekEnd: hundredSize}[whence]
	return r.at, nil
}

// throttled is a file that is read as fast as the line allows.
type throttled struct {
	io.ReadSeeker
	line *limit.Limiter
	r    *http.Request
}

func (t *throttled) Read(p []byte) (int, error) {
	n, err := t.ReadSeeker.Read(p[:min(len(p), lineBurst)])
	if e := t.line.WaitN(t.r.Context(), n); e != nil {
		return 0, e
	}
	return n, err
}

// hash feeds every artifact to the states that a run feeds, as a run does it but
// without a network. It returns the digests, and the time it took.
func (h *hundred) hash(jobs int) (digests []string, took time.Duration) {
	digests = make([]string, hundredCount)
	asc := big().files[bigRelease+"/"+bigFile+".asc"]
	next := make(chan int)
	var all sync.WaitGroup
	began := time.Now()
	for range jobs {
		all.Go(func() {
			buf := make([]byte, 256<<10)
			for n := range next {
				hashes := pgp.NewHashes(pgp.Parse(asc))
				_, _ = io.CopyBuffer(struct{ io.Writer }{hashes}, h.content(n), buf) // from memory to memory
				sum := hashes.SHA256()
				digests[n] = hex.EncodeToString(sum[:])
			}
		})
	}
	for n := range hundredCount {
		next <- n
	}
	close(next)
	all.Wait()
	return digests, time.Since(began)
}

// BenchmarkOnlineHundred reads a hundred artifacts of 20 MiB over a line of 100
// MB/s, and over one without bound. It says how fast that is in proportion to the
// line and to the mere hashing of the same bytes, how much memory the program
// takes for it; it runs where it can write no byte to any file.
//
//	go test -run '^$' -bench OnlineHundred -benchtime 1x ./cmd/migrate
func BenchmarkOnlineHundred(b *testing.B) {
	const mostMemory = 120 << 20
	for name, line := range map[string]limit.Limit{"100MBps": 100e6, "unbounded": limit.Inf} {
		b.Run(name, func(b *testing.B) {
			h := &hundred{block: make([]byte, 1<<20), line: limit.NewLimiter(line, lineBurst)}
			rand.NewChaCha8(sha256.Sum256([]byte(b.Name()))).Read(h.block)
			w := onlinetest.New(b)
			s := newStage(b, w)
			w.Handle(python, h)
			s.onlyBigKey()
			before := tree(b, s.base)
			for b.Loop() {
				digests, hashing := h.hash(runtime.NumCPU())
				began := time.Now()
				c := childWithoutFiles(b, w, "report", "--format", "json", "--api-url", "", "3.13")
				peak := make(chan int64)
				go func() { peak <- peakMemory(c.Process.Pid) }()
				status := c.end()
				took, rss := time.Since(began), <-peak
				_, again := h.hash(runtime.NumCPU()) // the machine may have other things to do meanwhile
				hashing = (hashing + again) / 2

				doc, err := report.Read(bytes.NewReader(c.out.Bytes()))
				if err != nil {
					b.Fatalf("status %d, %v: %s", status, err, &c.err)
				}
				if len(doc.Artifacts) != hundredCount || status != 1 {
					b.Errorf("%d artifacts, status %d: %s", len(doc.Artifacts), status, &c.err)
				}
				for n := range hundredCount {
					for i := range doc.Artifacts {
						if a := &doc.Artifacts[i]; a.Path == h.name(n) && (a.SHA256 != digests[n] || a.PGP.Status != pgp.Bad) {
							b.Errorf("wrongly read: %s", answerOf(a))
						}
					}
				}
				if d := newFiles(before, tree(b, s.base)); d != nil {
					b.Errorf("new files: %q", d)
				}
				if rss == 0 || rss > mostMemory {
					b.Errorf("%d MiB of resident memory, want less than %d", rss>>20, mostMemory>>20)
				}
				const bytes = hundredCount * hundredSize
				speed, hashRate := bytes/took.Seconds(), bytes/hashing.Seconds()
				slower := cmp.Or(min(float64(line), hashRate), hashRate)
				b.ReportMetric(speed/1e6, "MB/s")
				b.ReportMetric(hashRate/1e6, "hash-MB/s")
				b.ReportMetric(100*speed/slower, "%-of-slower")
				b.ReportMetric(float64(rss>>20), "MiB-resident")
			}
		})
	}
}
