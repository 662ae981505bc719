package onlinetest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// API is what a python.org's API, version 1, knows.
type API struct {
	Releases []APIRelease
	Files    []APIFile
	// PageSize is the most rows that an answer has; 0: 1000.
	PageSize int
}

// APIRelease is a release as the API shows it.
type APIRelease struct {
	ID   int
	Name string // "Python 3.13.5"
	Slug string // "python-3135", usually
}

// APIFile is a file as the API shows it. Fields that are nil are null.
type APIFile struct {
	Release  int // its ID
	URL      string
	Size     any // a number, usually
	MD5      string
	SHA256   string
	Asc      string
	Sigstore string
	Sig      string
	Crt      string
	SPDX     any // a string, or nil
}

const (
	ftpPath = "/ftp/python/"
	apiPath = "/api/v1/downloads/"
)

// PythonOrg serves files below /ftp/python/, in python.org's layout and with
// indexes in the shape of nginx's, and answers below /api/v1/downloads/.
func PythonOrg(files fs.FS, api API) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(ftpPath, http.StripPrefix(ftpPath, tree{files}))
	mux.HandleFunc(apiPath+"release/", api.releases)
	mux.HandleFunc(apiPath+"release_file/", api.files)
	return mux
}

// tree serves files with validators, and indexes of folders.
type tree struct{ files fs.FS }

func (t tree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, isFolder := strings.CutSuffix(r.URL.Path, "/")
	if name == "" {
		name, isFolder = ".", true
	}
	info, err := fs.Stat(t.files, name)
	switch {
	case err != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid)), err == nil && isFolder && !info.IsDir():
		http.NotFound(w, r)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case info.IsDir() && !isFolder:
		http.Redirect(w, r, path.Base(name)+"/", http.StatusMovedPermanently)
	case info.IsDir():
		t.index(w, name)
	default:
		data, err := fs.ReadFile(t.files, name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(data))[:16]))
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", info.ModTime(), bytes.NewReader(data))
	}
}

// index writes what nginx's ngx_http_autoindex_module does.
func (t tree) index(w http.ResponseWriter, name string) {
	entries, err := fs.ReadDir(t.files, name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { // folders first
		switch {
		case a.IsDir() && !b.IsDir():
			return -1
		case b.IsDir() && !a.IsDir():
			return 1
		}
		return 0
	})
	title := "Index of " + ftpPath
	if name != "." {
		title += html.EscapeString(name) + "/"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<h1>%[1]s</h1><hr><pre><a href=\"../\">../</a>\r\n", title)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		file, size := e.Name(), strconv.FormatInt(info.Size(), 10)
		if e.IsDir() {
			file, size = file+"/", "-"
		}
		shown := file
		if len(shown) > 50 {
			shown = shown[:47] + "..>"
		}
		fmt.Fprintf(&b, "<a href=\"%s\">%s</a>%*s %s %19s\r\n", (&url.URL{Path: file}).EscapedPath(), html.EscapeString(shown),
			50-len(shown), "", info.ModTime().UTC().Format("02-Jan-2006 15:04"), size)
	}
	b.WriteString("</pre><hr></body>\r\n</html>\r\n")
	w.Header().Set("Content-Type", "text/html")
	w.Write(b.Bytes())
}

// releases answers for the list of releases.
func (a API) releases(w http.ResponseWriter, r *http.Request) {
	var rows []any
	for _, rel := range a.Releases {
		rows = append(rows, map[string]any{
			"name": rel.Name, "slug": rel.Slug, "resource_uri": releaseURI(rel.ID),
			"version": 3, "is_published": true, "is_latest": false, "pre_release": false,
			"release_date": "2025-06-11T00:00:00Z", "show_on_download_page": true,
		})
	}
	a.answer(w, r, rows)
}

// files answers for the list of files.
func (a API) files(w http.ResponseWriter, r *http.Request) {
	slug := r.FormValue("release__slug")
	slugs := map[int]string{}
	for _, rel := range a.Releases {
		slugs[rel.ID] = rel.Slug
	}
	var rows []any
	for i, f := range a.Files {
		if slug != "" && slugs[f.Release] != slug {
			continue
		}
		rows = append(rows, map[string]any{
			"name": path.Base(f.URL), "slug": fmt.Sprintf("%d-%s", f.Release, strings.ReplaceAll(path.Base(f.URL), ".", "-")),
			"os": "/api/v1/downloads/os/1/", "release": releaseURI(f.Release), "description": "", "is_source": false,
			"url": f.URL, "filesize": f.Size, "md5_sum": f.MD5, "sha256_sum": f.SHA256, "download_button": false,
			"gpg_signature_file": f.Asc, "sigstore_bundle_file": f.Sigstore, "sigstore_signature_file": f.Sig,
			"sigstore_cert_file": f.Crt, "sbom_spdx2_file": f.SPDX,
			"resource_uri": fmt.Sprintf("%srelease_file/%d/", apiPath, i+1),
		})
	}
	a.answer(w, r, rows)
}

func releaseURI(id int) string { return fmt.Sprintf("%srelease/%d/", apiPath, id) }

// answer writes the page of rows that was asked for.
func (a API) answer(w http.ResponseWriter, r *http.Request, rows []any) {
	limit, most := 20, 1000
	if a.PageSize > 0 {
		most = a.PageSize
	}
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n >= 0 {
		limit = n
	}
	if limit == 0 || limit > most {
		limit = most
	}
	offset, err := strconv.Atoi(cmp.Or(r.FormValue("offset"), "0"))
	if err != nil || offset < 0 {
		http.Error(w, "invalid offset", http.StatusBadRequest)
		return
	}
	first := min(offset, len(rows))
	last := min(first+limit, len(rows))
	var next any
	if last < len(rows) {
		q := r.URL.Query()
		q.Set("offset", strconv.Itoa(last))
		next = r.URL.Path + "?" + q.Encode()
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"meta":    map[string]any{"limit": limit, "next": next, "offset": offset, "previous": nil, "total_count": len(rows)},
		"objects": append([]any{}, rows[first:last]...),
	})
}
