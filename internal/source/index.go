package source

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxIndex bounds the page of one folder; the largest real one has 60 KiB.
	maxIndex = 4 << 20
	// maxListed bounds what one page may list.
	maxListed = 5000
	// maxFileName is longer than any name of an artifact or a sidecar.
	maxFileName = 255
)

// index is a folder as a server's page lists it. Every name in it is plain: it
// leads to no other folder.
type index struct {
	titled  bool // it calls itself an index
	files   []indexed
	folders []string
	odd     []string // links that are neither a name nor furniture of the page, clipped
}

// indexed is a file in an index.
type indexed struct {
	name string
	size int64 // bytes; -1 if the page gives none, or rounds it
}

var (
	errNoIndex = errors.New("is no index of files, but some other page")
	errCut     = errors.New("ends in its midst, so that it may not list all files")
)

// indexTitle is what servers put above an index that they make: nginx, Apache
// and lighttpd the first, Python's http.server the second.
var indexTitle = regexp.MustCompile(`(?i)^\s*(?:index of|directory listing for)\b`)

// parseIndex reads the page of one folder, as nginx, Apache and their like make
// it: a link for each name, after which date and size may stand. What else is
// linked on the page is left out: columns to sort by, the folder above, other
// places. A page that lists nothing and does not call itself an index is an
// errNoIndex. One that ends within a tag, or that begins a document of HTML and
// does not end it, is an errCut: what came of it would pass for all there is.
func parseIndex(page []byte) (index, error) {
	var (
		ix    index
		seen  = map[string]bool{}
		last  *indexed        // whose size may follow
		after strings.Builder // the text since its link

		begun, ended bool // there is a doctype or <html>; there is </html>
	)
	settle := func() {
		if last != nil {
			last.size = exactSize(after.String())
			ix.files = append(ix.files, *last)
		}
		last = nil
		after.Reset()
	}
	z := html.NewTokenizer(bytes.NewReader(page))
	z.SetMaxBuf(maxIndex)
	var open atom.Atom // the last tag that was opened
	for {
		switch z.Next() {
		case html.ErrorToken:
			settle()
			if !ix.titled && len(ix.files)+len(ix.folders) == 0 {
				return index{}, errNoIndex
			}
			// What the tokenizer has left over is a tag without its end.
			if inTag := len(z.Raw()) > 0 || bytes.HasSuffix(page, []byte("<")) || bytes.HasSuffix(page, []byte("</")); inTag || begun && !ended {
				return index{}, errCut
			}
			return ix, nil
		case html.TextToken:
			switch {
			case open == atom.Title || open == atom.H1:
				ix.titled = ix.titled || indexTitle.Match(z.Text())
			case open == atom.A: // the name again, often cut short
			case last != nil && after.Len() < 200:
				after.Write(z.Text())
				after.WriteByte(' ')
			}
		case html.DoctypeToken:
			begun = true
		case html.EndTagToken:
			name, _ := z.TagName()
			ended = ended || atom.Lookup(name) == atom.Html
			open = 0
		case html.StartTagToken:
			name, attrs := z.TagName()
			open = atom.Lookup(name)
			begun = begun || open == atom.Html
			if open != atom.A {
				continue
			}
			settle()
			href, ok := hrefOf(z, attrs)
			if !ok {
				continue
			}
			file, folder, ok := linkedName(href)
			switch {
			case !ok && isFurniture(href):
				continue
			case !ok:
				ix.odd = append(ix.odd, clip(href))
			case seen[file]:
				continue
			case folder:
				ix.folders = append(ix.folders, file)
			default:
				last = &indexed{name: file, size: -1}
			}
			seen[file] = true
			if len(seen)+len(ix.odd) > maxListed {
				return index{}, fmt.Errorf("lists more than %d names, which no folder of releases has", maxListed)
			}
		}
	}
}

// hrefOf returns the href of the link that the tokenizer is at.
func hrefOf(z *html.Tokenizer, more bool) (href string, ok bool) {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if string(key) == "href" && !ok {
			href, ok = string(value), true
		}
	}
	return href, ok
}

// linkedName returns the name that a link of an index leads to, if it is one in
// the same folder. It decodes percent signs once, as servers do.
func linkedName(href string) (name string, folder, ok bool) {
	name = strings.TrimPrefix(href, "./")
	if strings.ContainsAny(name, "?#:\\") {
		return "", false, false
	}
	name, err := url.PathUnescape(name)
	if err != nil {
		return "", false, false
	}
	name, folder = strings.CutSuffix(name, "/")
	if name == "" || name == "." || name == ".." || len(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\") {
		return "", false, false
	}
	return name, folder, true
}

// isFurniture reports whether a link belongs to the page and not to the folder:
// a column to sort by, the folder above, a place of its own.
func isFurniture(href string) bool {
	u, err := url.Parse(href)
	return err == nil && (u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "/") || path.Clean(u.Path) == ".." || path.Clean(u.Path) == ".")
}

// clip shortens a text from outside to where it still says what it was.
func clip(s string) string {
	if len(s) <= maxFileName {
		return s
	}
	return strings.ToValidUTF8(s[:maxFileName], "") + "..."
}

var (
	dateForm  = regexp.MustCompile(`^\d{1,4}-(?:\d{1,2}|[A-Za-z]{3})-\d{1,4}$`) // 11-Jun-2025, 2025-06-11
	clockForm = regexp.MustCompile(`^\d{1,2}:\d\d(?::\d\d)?$`)
	unitForm  = regexp.MustCompile(`^[KMGTkmgt]i?[Bb]?$`)
	sizeForm  = regexp.MustCompile(`^(?:0|[1-9]\d{0,17})$`)
)

// exactSize returns the size that follows date and time, -1 if there is none or
// it is rounded ("28M").
func exactSize(after string) int64 {
	words := strings.Fields(after)
	if len(words) < 3 || !dateForm.MatchString(words[0]) || !clockForm.MatchString(words[1]) || !sizeForm.MatchString(words[2]) {
		return -1
	}
	if len(words) > 3 && unitForm.MatchString(words[3]) {
		return -1
	}
	size, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil {
		return -1
	}
	return size
}
