# webrtcbin, and what it is made of.
PACKAGECONFIG:append = " webrtc webrtcdsp dtls srtp sctp v4l2codecs"
