"""SHA-256 of the released schemas (C14N without comments and ``schemaLocation``) → place in the store."""

from __future__ import annotations

PINS: dict[str, str] = {
    "7ffc2ef31c3572193cb2e175d844997d2dbd565c3d0c92a1d1a54c3136517df2": "dsi/v1.0.1.xsd",
    "3a6bea59ff3149831d1a754b82bdfb37b217640caf13fd85aaf6cb53c82c3a23": "dsi/v1.3.0.xsd",
    "b16c1402a5410e84ad8ea6946ddbd3b48207326f673057ef1db7cc8e4c70c833": "dsi/v1.3.1.xsd",
    "b7051d0fc6ab397c986067a468ffca201fbdb7fe6ab4b94fd363153120b99a4e": "dsi/v2.0.0.xsd",
    "d06a30f495d96b0be01f39651f901bd3bc0e76a114d8cbcca8347a5549e2082d": "dsi/v2.1.0.xsd",
    "5048297a0736d37cef77b8ff49ddbe96fe076faab3a87a2c3ac968bc08b16497": "dsi/v2.2.1.xsd",
    "f614b13e62cb5cd2c03042967435c65642e3db9995bb2787ae3c99b8ad7fb7e6": "qudt/v2.2.1.xsd",
    "2e8bed67664ffad60cc9340238c1926973b1bb668d4da4481c7321053f05cbbb": "v2.1.0/dcc.xsd",
    "10be34a6764618bf5ef94a1b022ac2aebb39249df9a16f13608d38f5ff8b7b5a": "v2.1.1/dcc.xsd",
    "77e99eed829f5443a489cf791f7c03fa8e512683f9a26f7d891f9288168f493c": "v2.2.0/dcc.xsd",
    "fe762c775ed46c0c3ab45e639b887e82837bebcf341e4ab8b691b07a9a74bae4": "v2.3.0/dcc.xsd",
    "fb1c8be866edeed7c46082dfb00a24ecaf9c93d326d660421809bda8733c49fd": "v2.4.0/dcc.xsd",
    "c7f135fcc76766a6e6e72d1e8589c71af075146721337f9abe7db4c2e50cc665": "v3.0.0/dcc.xsd",
    "eb9ab558f57513048917dc3432cf55016b80ecb847c89d3a65e84dc298790486": "v3.1.0/dcc.xsd",
    "bad332b900e1554111c47b26155d26ebedde48f85321313774ee29cd4ed344b7": "v3.1.1/dcc.xsd",
    "d4b438a0282597cc64101da7227b2ee54bda3b5da433a640b86b8a000bc1599b": "v3.1.2/dcc.xsd",
    "b181fe64efa06acfdc3a19d9b0e0422255c8502739cac491a8b4961158536842": "v3.2.0/dcc.xsd",
    "40ac23dc12b5fdabe1bbb8a541e13d7ad15b7f7864a244a342bc262cc4cab0e1": "v3.2.1/dcc.xsd",
    "4b3b0da4e7647058eecfea12b34f2ad6940a7132230c53dcf47e4f46687a78e0": "v3.3.0/dcc.xsd",
    "9cca28b914e48ffed76e717fda4d3730e696a535815f3b04a02429aefe1bb424": "xmldsig-core-schema.xsd",
}
