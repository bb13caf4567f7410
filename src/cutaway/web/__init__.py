"""The explorer: a web page served from this machine, on which photos and networks are looked into.

    serve.py      loads the networks, listens, prints the address
    guard.py      who may ask: host, origin, token, size; the headers of every answer
    hosts.py      under which names this server may be called
    app.py        the page and its rooms put together
    rooms/        the addresses of each room, each a few lines; what they do lies in the files below
    thinking.py   the one thread that runs networks
    refusals.py   how an address says no
    desk.py       what is open: networks, indexes, painters, photos
    photos.py     photos that a browser sent: decoded, written anew, known by their hash
    maps.py       one method's map of one photo, with its figures, as bytes
    frames.py     the bytes of a webcam's frame and of the answer
    live.py       the answer to one frame; live_layers.py, live_style.py: channels, a painting
    coarse.py     maps no finer than the page can show
    masks.py      an object cut out of a photo
    queue.py      jobs, done one after the other
    records.py    what is known of each, kept on the disk
    hands.py      a process that does them, seen from here
    worker.py     that process
    ceiling.py    how much memory it may take
    kinds.py      what a job can be
    forms.py      what the Studio can be asked, and in which ranges
    studio.py     what its jobs do
    run.py        what a job shows while it runs: scores, frames, pictures
    made.py       what is told of a result
    reported.py   a report as a job
    disk.py       what lies on the disk
    jpeg.py       pictures on their way to the page
    looks.py      what the page draws by
    atlas.py, planes.py, chosen.py, audits.py, scanned.py   an index: where its photos lie, what some have in common
    layer_names.py, layer_table.py, layer_maps.py   a network's layers, and their maps of a photo as numbers
    units.py, unit_data.py, unit_image.py           what is told of one unit: by a photo, an index, an ascent
    static/       the page: native modules, no build step

No parameter of any address is a path or another address: photos are known by hashes, networks by the names that the
command line gave.
"""
