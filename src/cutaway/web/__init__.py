"""The explorer: a web page served from this machine, on which photos and networks are looked into.

    serve.py      loads the networks, listens, prints the address
    guard.py      who may ask: host, origin, token, size; the headers of every answer
    hosts.py      under which names this server may be called
    app.py        the addresses, each a few lines; what they do lies in the files below
    refusals.py   how an address says no
    desk.py       what is open: networks, photos, jobs
    photos.py     photos that a browser sent: decoded, written anew, known by their hash
    maps.py       one method's map of one photo, with its figures, as bytes
    frames.py     the bytes of a webcam's frame and of the answer
    live.py       the answer to one frame; live_layers.py, live_style.py: channels, a painting
    coarse.py     maps no finer than the page can show
    masks.py      an object cut out of a photo
    queue.py      jobs, done one after the other
    records.py    what is known of each, kept on the disk
    worker.py     the process that does them
    kinds.py      what a job can be
    looks.py      what the page draws by
    static/       the page: native modules, no build step

No parameter of any address is a path or another address: photos are known by hashes, networks by the names that the
command line gave.
"""
