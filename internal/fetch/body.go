package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Body is a file being read from a server. Where the connection breaks, Read
// goes on from the same byte, if the server says that the file is still the
// same; if it does not, Read returns ErrChanged.
//
// Its methods are not safe for concurrent use.
type Body struct {
	c         *Client
	ctx       context.Context
	url       string
	meta      Meta
	size      int64  // as far as known by now
	validator string // that a range is asked by; "": none will do
	stream    *stream
	tries     *tries
	ahead     []byte // read and not yet returned
	off       int64  // of the next byte from stream
	err       error  // that reading has ended with
	cause     error  // with ErrChanged: what made it necessary to ask again
}

func newBody(ctx context.Context, c *Client, url string, s *stream, t *tries) *Body {
	m := meta(s.resp)
	return &Body{c: c, ctx: ctx, url: url, meta: m, size: m.Size, validator: validator(m, s.resp.Header), stream: s, tries: t}
}

// validator returns by what a range of a file can be asked for, such that it is
// a range of the same bytes (RFC 9110, sections 8.8.2.2 and 13.1.5): a strong
// ETag, or a date of change that is not the very second of the answer.
func validator(m Meta, h http.Header) string {
	if m.ETag != "" {
		return m.ETag
	}
	changed, err := http.ParseTime(m.LastModified)
	if err != nil {
		return ""
	}
	if date, err := http.ParseTime(h.Get("Date")); err != nil || date.Before(changed.Add(time.Second)) {
		return ""
	}
	return m.LastModified
}

// Meta returns what the server says of the file.
func (b *Body) Meta() Meta { return b.meta }

// begin looks at the first bytes.
func (b *Body) begin() error {
	if b.size > b.c.config.MaxSize {
		return b.end(b.tooLarge())
	}
	if isWebPage(b.stream.resp.Header.Get("Content-Type")) {
		return b.end(ErrWebPage)
	}
	head := make([]byte, sniffed)
	n := 0
	for n < len(head) {
		k, err := b.read(head[n:])
		n += k
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	b.ahead = head[:n]
	if isWebPage(http.DetectContentType(b.ahead)) {
		return b.end(ErrWebPage)
	}
	return nil
}

// Read reads the file. At its end, and only there, the error is io.EOF.
func (b *Body) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, b.end(context.Cause(b.ctx))
	}
	if len(b.ahead) > 0 {
		n := copy(p, b.ahead)
		b.ahead = b.ahead[n:]
		return n, nil
	}
	if len(p) == 0 {
		return 0, nil
	}
	return b.read(p)
}

func (b *Body) read(p []byte) (int, error) {
	for b.err == nil {
		n, err := b.stream.Read(p)
		b.off += int64(n)
		switch {
		case b.off > b.c.config.MaxSize:
			return 0, b.end(b.tooLarge())
		case b.size >= 0 && b.off > b.size:
			return 0, b.end(changed(fmt.Sprintf("the server sends more than the %d bytes it announced", b.size)))
		case n > 0:
			return n, nil
		case err == io.EOF && b.size >= 0 && b.off < b.size:
			err = fmt.Errorf("%w: %d of %d bytes came", ErrCut, b.off, b.size)
		case err == io.EOF:
			b.stream.close()
			b.err = io.EOF
			return 0, io.EOF
		}
		if err != nil {
			b.resume(err)
		}
	}
	return 0, b.err
}

// end ends reading with err, complete, and returns it.
func (b *Body) end(err error) error {
	if b.err == nil || b.err == io.EOF {
		b.stream.close()
		b.err = b.tries.giveUp(b.ctx, err)
	}
	return b.err
}

func (b *Body) tooLarge() error {
	return fmt.Errorf("%w: at most %d bytes are taken", ErrTooLarge, b.c.config.MaxSize)
}

// resume asks for the rest of the file, after err, or ends reading.
func (b *Body) resume(err error) {
	if b.stream.keptUp() {
		b.tries.barren = 0
	}
	b.stream.close()
	b.cause = err
	if b.validator == "" && (errors.Is(err, ErrCut) || errors.Is(err, ErrStalled)) {
		b.end(changed(fmt.Sprintf("%v, and the server has given nothing to tell by whether the rest is of the same file", err)))
		return
	}
	for {
		if err := b.tries.again(b.ctx, err); err != nil {
			b.err = err
			return
		}
		var s *stream
		if s, err = b.rest(); err == nil {
			b.stream = s
			return
		}
		if errors.Is(err, ErrChanged) {
			b.end(err)
			return
		}
	}
}

// rest asks for the file from the next byte on.
func (b *Body) rest() (*stream, error) {
	s, err := b.tries.ask(b.ctx, query{method: http.MethodGet, url: b.url, ranged: true, from: b.off, unchanged: b.validator})
	var status *StatusError
	switch {
	case errors.Is(err, ErrAbsent):
		return nil, changed("the file is not there any more")
	case errors.As(err, &status) && status.Code == http.StatusOK:
		return nil, changed("asked for the rest, the server sends the whole file, or another one")
	case errors.As(err, &status) && status.Code == http.StatusRequestedRangeNotSatisfiable:
		return nil, changed("the server says that there is no rest to send")
	case err != nil:
		return nil, err
	}
	if err := b.fits(s.resp); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// fits returns why an answer is not the rest of the same file, if it is not.
func (b *Body) fits(resp *http.Response) error {
	field := resp.Header.Get("Content-Range")
	r, ok := parseContentRange(field)
	switch m := meta(resp); {
	case !ok || r.start != b.off || r.total < 0 || b.size >= 0 && r.total != b.size,
		resp.ContentLength >= 0 && resp.ContentLength != r.end-r.start+1:
		return changed(fmt.Sprintf("asked for the bytes from %d of %d, the server sends %q", b.off, b.size, show(field)))
	case b.validator == b.meta.ETag && m.ETag != b.meta.ETag, resp.Header.Get("ETag") != "" && m.ETag != b.meta.ETag:
		return changed(fmt.Sprintf("the ETag was %s and is %s", show(b.meta.ETag), show(resp.Header.Get("ETag"))))
	case b.validator == b.meta.LastModified && m.LastModified != b.meta.LastModified, m.LastModified != "" && m.LastModified != b.meta.LastModified:
		return changed(fmt.Sprintf("Last-Modified was %q and is %q", show(b.meta.LastModified), show(m.LastModified)))
	}
	b.size = r.total
	return nil
}

// Close ends the request. It need not have been read to its end.
func (b *Body) Close() error {
	b.stream.close()
	if b.err == nil || b.err == io.EOF {
		b.err = errClosed
	}
	b.ahead = nil
	return nil
}

var errClosed = errors.New("the file is closed")

// contentRange is which bytes of a file an answer has: start to end, both of
// them included.
type contentRange struct {
	start, end int64
	total      int64 // -1: not said
}

// parseContentRange reads a Content-Range field (RFC 9110, section 14.4), such as
// "bytes 42-1233/1234".
func parseContentRange(field string) (contentRange, bool) {
	unit, rest, _ := strings.Cut(field, " ")
	span, total, ok := strings.Cut(rest, "/")
	first, last, ok2 := strings.Cut(span, "-")
	if !strings.EqualFold(unit, "bytes") || !ok || !ok2 {
		return contentRange{}, false
	}
	r := contentRange{total: -1}
	for _, f := range []struct {
		text string
		n    *int64
	}{{first, &r.start}, {last, &r.end}, {total, &r.total}} {
		if f.text == "*" && f.n == &r.total {
			continue
		}
		n, err := strconv.ParseUint(f.text, 10, 63)
		if err != nil {
			return contentRange{}, false
		}
		*f.n = int64(n)
	}
	return r, r.start <= r.end && (r.total < 0 || r.end < r.total)
}
